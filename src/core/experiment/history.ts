/** What happened to a training besides its updates, in the words of status and report. */
import type { TripRecord } from "../ports/runs.ts";
import { describeDifferences, type StageOrigin } from "./fork.ts";

/** "rl is forked from parent, after iteration 2: learningRate 0.001 -> 0.0001" */
export function describeOrigin(run: string, { stage, from, changes }: StageOrigin): string {
  const after = `after iteration ${from.iteration}`;
  if (from.run === run) return `${stage} goes on ${after} of its branch ${from.branch}`;
  const what = changes.length === 0 ? "nothing changed" : describeDifferences(changes);
  return `${stage} is forked from ${from.run}, ${after}: ${what}`;
}

/** "rl, iteration 3 not committed: KL to the reference is 12, above tripwires.maxKl = 10; repeats iteration 2 ..." */
export const describeTrip = ({ stage, iteration, trip, outcome }: TripRecord): string =>
  `${stage}, iteration ${iteration} not committed: ${trip.sentence}; ${outcome}`;
