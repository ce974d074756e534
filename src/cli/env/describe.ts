/** Environments in a line each, and as JSON that a program reads. */
import {
  type Environment,
  type EnvironmentSet,
  environmentHash,
} from "../../core/environment/environment.ts";
import { bands, type Calibration, summaryOf } from "../../core/evaluation/calibration.ts";
import { shortHash } from "../../core/hash.ts";
import type { StoredSet } from "./library.ts";

const shownQuestion = 90;

export function environmentLine(environment: Environment): string {
  const { scenario, tools, question } = environment;
  const text = question.length > shownQuestion ? `${question.slice(0, shownQuestion - 3)}...` : question;
  return `${shortHash(environmentHash(environment))}  ${scenario.padEnd(19)}  ${String(tools.length).padStart(2)} tools  ${text}`;
}

export function environmentSummary(environment: Environment) {
  const { scenario, profile, split, question, tools, subQuestions } = environment;
  return {
    hash: environmentHash(environment),
    scenario,
    profile,
    split,
    question,
    tools: tools.length,
    subQuestions: subQuestions.length,
  };
}

export function setLine({ ref, names, set }: StoredSet): string {
  const scenarios = Object.entries(scenarioCounts(set)).map(([scenario, count]) => `${count} ${scenario}`);
  const called = names.length > 0 ? names.join(", ") : `(${set.name})`;
  return `${shortHash(ref.hash)}  ${String(set.environments.length).padStart(5)} environments  ${called}: ${scenarios.join(", ")}`;
}

/** `polished-1: pass@1 0.31; 3 never, 2 hard, 1 medium, 0 easy, 2 always; 1 answered without tools`. */
export function calibrationLine({ policyName, environments }: Calibration): string {
  const { passAt1, bands: counts, answeredBlind } = summaryOf(environments);
  const named = bands.map((band) => `${counts[band]} ${band}`).join(", ");
  return `calibrated by ${policyName}: pass@1 ${passAt1.toFixed(2)} (${environments[0]?.samples ?? 0} samples); ${named}; ${answeredBlind} answered without tools`;
}

export const calibrationSummary = ({ policy, policyName, environments }: Calibration) => ({
  policy,
  policyName,
  ...summaryOf(environments),
});

/** Of one environment: `hard for polished-1: 1 of 8 samples pass, pass@8 1.00`; undefined where it is not in the set. */
export function difficultyLine({ policyName, environments }: Calibration, hash: string): string | undefined {
  const one = environments.find(({ environment }) => environment === hash);
  if (!one) return undefined;
  const [k, rate] = Object.entries(one.passAt).at(-1)!;
  return `${one.band} for ${policyName}: ${one.passed} of ${one.samples} samples pass, pass@${k} ${rate.toFixed(2)}, Solve-F1 ${one.solveF1.toFixed(2)}; ${one.answeredBlind} of ${one.blindSamples} answer without tools`;
}

export function setSummary({ ref, names, set }: StoredSet) {
  return {
    hash: ref.hash,
    bytes: ref.bytes,
    names,
    environments: set.environments.length,
    scenarios: scenarioCounts(set),
    quarantined: set.quarantined.length,
  };
}

function scenarioCounts(set: EnvironmentSet): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { scenario } of set.environments) counts[scenario] = (counts[scenario] ?? 0) + 1;
  return counts;
}
