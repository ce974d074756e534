/**
 * What an evaluation measures in each environment, and on average. With S solved sub-answers, C calls and N sub-answers:
 *
 *   Solve-P = S / C (0 where no call was made)    Solve-R = S / N    Solve-F1 = 2 S / (C + N)
 *
 * FTRL's own Solve-P is 1 where no call was made, which pays for silence; it is kept beside ours as `rawSolveP`. These
 * are measures of whole trajectories, not the per-turn rewards of the same names.
 */
import type { ScenarioType } from "../environment/environment.ts";

/** What came of one environment. */
export interface EvaluatedEnvironment {
  /** Content hash. */
  readonly environment: string;
  /** What intervals are clustered by. */
  readonly entity: string;
  readonly scenario: ScenarioType;
  readonly calls: number;
  /** Sub-answers solved, at most `subAnswers`. */
  readonly solved: number;
  readonly subAnswers: number;
  readonly isAnswerRight: boolean;
}

export const metrics = ["solveP", "solveR", "solveF1", "answerAccuracy", "rawSolveP"] as const;
export type Metric = (typeof metrics)[number];
/** Dimensionless, 0 to 1. */
export type MetricValues = Readonly<Record<Metric, number>>;

export function measureEnvironment(given: EvaluatedEnvironment): MetricValues {
  const { calls, solved, subAnswers } = given;
  return {
    solveP: calls === 0 ? 0 : solved / calls,
    solveR: solved / subAnswers,
    solveF1: (2 * solved) / (calls + subAnswers),
    answerAccuracy: given.isAnswerRight ? 1 : 0,
    rawSolveP: calls === 0 ? 1 : solved / calls,
  };
}

/** Plain means over environments, as FTRL's; every environment counts alike. 0 where there is none. */
export function meanMetrics(environments: readonly EvaluatedEnvironment[]): MetricValues {
  const measured = environments.map(measureEnvironment);
  const mean = (metric: Metric) =>
    measured.reduce((sum, values) => sum + values[metric], 0) / Math.max(1, measured.length);
  return metricRecord(mean);
}

export function metricRecord<T>(of: (metric: Metric) => T): Readonly<Record<Metric, T>> {
  return {
    solveP: of("solveP"),
    solveR: of("solveR"),
    solveF1: of("solveF1"),
    answerAccuracy: of("answerAccuracy"),
    rawSolveP: of("rawSolveP"),
  };
}
