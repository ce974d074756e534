/** Evaluations side by side: the table that ends a run, in the terminal and in the report. */
import { type PairedDifference, pairedDifferences } from "./bootstrap.ts";
import { type EvaluatedEnvironment, type Metric, type MetricValues, meanMetrics } from "./metrics.ts";

export interface Evaluation {
  /** Stage id, e.g. "evaluate-after-rl". */
  readonly stage: string;
  /** As people read it, e.g. "after RL". */
  readonly title: string;
  readonly environments: readonly EvaluatedEnvironment[];
}

export interface ComparisonRow {
  readonly stage: string;
  readonly title: string;
  readonly environments: number;
  readonly means: MetricValues;
  /** Null in the first row. */
  readonly overFirst: Readonly<Record<Metric, PairedDifference>> | null;
  readonly overPrevious: Readonly<Record<Metric, PairedDifference>> | null;
}

/** The first evaluation is the baseline; all are of the same environments. */
export function compareEvaluations(evaluations: readonly Evaluation[], seed: number): ComparisonRow[] {
  return evaluations.map(({ stage, title, environments }, i) => {
    const over = (other: Evaluation | undefined) =>
      other && i > 0 ? pairedDifferences(other.environments, environments, seed) : null;
    const overFirst = over(evaluations[0]);
    return {
      stage,
      title,
      environments: environments.length,
      means: meanMetrics(environments),
      overFirst,
      overPrevious: i === 1 ? overFirst : over(evaluations[i - 1]),
    };
  });
}
