/** What happened to a training besides its updates, in the words of status and report. */
import type { ChangeRecord, PolicyPin, TripRecord } from "../ports/runs.ts";
import { describeDifferences, type StageOrigin } from "./fork.ts";

/** "rl is forked from parent, after iteration 2: learningRate 0.001 -> 0.0001" */
export function describeOrigin(run: string, { stage, from, changes }: StageOrigin): string {
  const after = `after iteration ${from.iteration}`;
  if (from.run === run) return `${stage} goes on ${after} of its branch ${from.branch}`;
  const what = changes.length === 0 ? "nothing changed" : describeDifferences(changes);
  return `${stage} is forked from ${from.run}, ${after}: ${what}`;
}

/** "policy hf:org/name@main is hf:org/name@0123..., as it was when the run began" */
export const describePin = ({ source, pinned }: Pick<PolicyPin, "source" | "pinned">): string =>
  `policy ${source} is ${pinned}, as it was when the run began`;

/** "rl trains otherwise from iteration 4 on, as it was set: learningRate 0.001 -> 0.0001" */
export const describeChange = ({
  stage,
  iteration,
  changes,
}: Pick<ChangeRecord, "stage" | "iteration" | "changes">): string =>
  `${stage} trains otherwise from iteration ${iteration} on, as it was set: ${describeDifferences(changes)}`;

/** "rl, iteration 3 not committed: KL to the reference is 12, above tripwires.maxKl = 10; repeats iteration 2 ..." */
export const describeTrip = ({ stage, iteration, trip, outcome }: TripRecord): string =>
  `${stage}, iteration ${iteration} not committed: ${trip.sentence}; ${outcome}`;
