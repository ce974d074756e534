/** What the Temporal UI says of an activity that does the same in every workflow. */
import type { StageProgress } from "../activities/step.ts";

/** Temporal keeps 400 bytes of an activity's summary. */
export const summaryLength = 200;

export const summaries = {
  prepare: "check the input, resolve its names",
  count: "how many environments there are",
  progress: ({ done, total, unit, note }: StageProgress) =>
    `${done} of ${total} ${unit}${note === undefined ? "" : `: ${note}`}`.slice(0, summaryLength),
} as const;
