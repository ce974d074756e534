/**
 * A sampled trajectory as a row of supervised training (rejection sampling, as in arXiv 2203.14465): exactly the ids that
 * the policy saw and said, what it said trained on, the tools' outputs masked out; and which trajectories are good enough.
 */
import { type EvaluatedEnvironment, measureEnvironment } from "../evaluation/metrics.ts";
import type { TrainingRow } from "../ports/policy.ts";
import type { Trajectory } from "./trajectory.ts";

export interface TrajectoryFilter {
  /** Least Solve-F1 of the whole trajectory, 0 to 1. */
  readonly minSolveF1: number;
  /** Whether its last turn must state the environment's answer. */
  readonly answerRight: boolean;
}

export const passes = (outcome: EvaluatedEnvironment, { minSolveF1, answerRight }: TrajectoryFilter) =>
  measureEnvironment(outcome).solveF1 >= minSolveF1 && (outcome.isAnswerRight || !answerRight);

/** Of a trajectory with at least one turn, as every evaluated one has. */
export function trajectoryRow({ tokens, turns }: Pick<Trajectory, "tokens" | "turns">): TrainingRow {
  const start = turns[0]!.from;
  const last = turns.at(-1)!;
  const response = tokens.slice(start, last.from + last.length);
  const mask = response.map((): 0 | 1 => 0);
  for (const { from, length } of turns) mask.fill(1, from - start, from - start + length);
  return { prompt: tokens.slice(0, start), response, mask, advantages: mask.map(() => 1) };
}
