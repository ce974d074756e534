/** What a training that a tripwire stopped tells a person: what tripped, and which commands help. */
import type { Trip } from "./tripwires.ts";

interface Parked {
  readonly run: string;
  readonly stage: string;
  /** That tripped. */
  readonly iteration: number;
  /** The last one whose update stays; 0 where none does. */
  readonly kept: number;
  readonly recoveries: number;
  readonly learningRate: number;
}

/** One sentence; who shows it adds how to resume. */
export function parkAdvice(trip: Trip, parked: Parked): string {
  const { run, stage, iteration, kept, recoveries, learningRate } = parked;
  const lower = `learningRate=${Number((learningRate / 2).toPrecision(2))}`;
  const after =
    recoveries === 0 ? "" : `, after ${recoveries} ${recoveries === 1 ? "recovery" : "recoveries"}`;
  const limit =
    trip.setting === undefined
      ? ""
      : `, or with another limit: npx ratchet set ${run} tripwires.${trip.setting}=VALUE`;
  const fork =
    kept === 0
      ? ""
      : `, or try it beside this run: npx ratchet fork ${run} --stage ${stage} --at-iteration ${kept} --set ${lower}`;
  return `iteration ${iteration} of ${stage} is not committed, ${trip.sentence}${after}; it goes on after iteration ${kept}, for example slower: npx ratchet set ${run} ${lower}${limit}${fork}`;
}
