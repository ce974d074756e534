/**
 * How hard environments are for a given policy: of n samples each, how often it solves every sub-question and states
 * the answer, and how often it states the answer without being shown a tool.
 */
import { type EvaluatedEnvironment, measureEnvironment } from "./metrics.ts";

/** By the share of samples that pass, 0 to 1: none, at most a quarter, less than three quarters, less than all, all. */
export const bands = ["never", "hard", "medium", "easy", "always"] as const;
export type Band = (typeof bands)[number];

export interface CalibratedEnvironment {
  /** Content hash. */
  readonly environment: string;
  readonly samples: number;
  readonly passed: number;
  /** For k = 1, 2, 4, ... up to the samples. */
  readonly passAt: Readonly<Record<string, number>>;
  readonly band: Band;
  /** Mean Solve-F1 of the samples: tells environments apart that no sample passes. */
  readonly solveF1: number;
  /** Samples without tools, and those of them that state the answer. */
  readonly blindSamples: number;
  readonly answeredBlind: number;
}

/** The content of an artifact of kind "calibration". */
export interface Calibration {
  readonly format: "ratchet.calibration.v1";
  /** Content hash of the set. */
  readonly set: string;
  /** Content hash of the checkpoint, and what the person called it. */
  readonly policy: string;
  readonly policyName: string;
  /** In the set's order. */
  readonly environments: readonly CalibratedEnvironment[];
}

/**
 * Unbiased estimate of the chance that at least one of k samples passes, from c of n that did:
 *
 *   pass@k = 1 - C(n - c, k) / C(n, k)
 *
 * Source: Chen et al., "Evaluating Large Language Models Trained on Code" (arXiv 2107.03374), as a product, which does
 * not overflow. k is at most n.
 */
export function passAtK(n: number, c: number, k: number): number {
  let noneOf = 1;
  for (let i = 0; i < k; i++) noneOf *= Math.max(0, n - c - i) / (n - i);
  return 1 - noneOf;
}

export function bandOf(n: number, c: number): Band {
  const share = c / n;
  if (share === 0) return "never";
  if (share <= 0.25) return "hard";
  if (share < 0.75) return "medium";
  return share < 1 ? "easy" : "always";
}

/** `outcomes` and `blind` are of one environment; `outcomes` holds at least one. */
export function calibrated(
  outcomes: readonly EvaluatedEnvironment[],
  blind: readonly EvaluatedEnvironment[],
): CalibratedEnvironment {
  const n = outcomes.length;
  const passed = outcomes.filter(
    ({ solved, subAnswers, isAnswerRight }) => solved === subAnswers && isAnswerRight,
  ).length;
  const passAt: Record<string, number> = {};
  for (let k = 1; k <= n; k *= 2) passAt[k] = passAtK(n, passed, k);
  return {
    environment: outcomes[0]!.environment,
    samples: n,
    passed,
    passAt,
    band: bandOf(n, passed),
    solveF1: outcomes.reduce((sum, outcome) => sum + measureEnvironment(outcome).solveF1, 0) / n,
    blindSamples: blind.length,
    answeredBlind: blind.filter(({ isAnswerRight }) => isAnswerRight).length,
  };
}

export interface Keep {
  readonly difficulty: readonly Band[];
  /** Largest share of the samples without tools that may state the answer. */
  readonly mostAnsweredBlind: number;
}

/** Whether an environment is worth training on: of the difficulty wanted, and not one the policy knows by heart. */
export const isKept = (one: CalibratedEnvironment, { difficulty, mostAnsweredBlind }: Keep): boolean =>
  difficulty.includes(one.band) && one.answeredBlind <= mostAnsweredBlind * one.blindSamples;

export interface CalibrationSummary {
  readonly environments: number;
  /** Mean pass@1 over environments. */
  readonly passAt1: number;
  readonly bands: Readonly<Record<Band, number>>;
  /** Environments whose answer some sample states without tools. */
  readonly answeredBlind: number;
}

export function summaryOf(environments: readonly CalibratedEnvironment[]): CalibrationSummary {
  const count = (band: Band) => environments.filter((one) => one.band === band).length;
  const passed = environments.reduce((sum, one) => sum + one.passed / one.samples, 0);
  return {
    environments: environments.length,
    passAt1: passed / Math.max(1, environments.length),
    bands: {
      never: count("never"),
      hard: count("hard"),
      medium: count("medium"),
      easy: count("easy"),
      always: count("always"),
    },
    answeredBlind: environments.filter(({ answeredBlind }) => answeredBlind > 0).length,
  };
}
