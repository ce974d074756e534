/** Tells how far an update is, between the runs of which it is made. */
import { setImmediate } from "node:timers/promises";
import type { OnProgress } from "../../core/ports/policy.ts";

export interface Progress {
  /** One more engine run or optimizer step is done. */
  readonly advance: () => void;
  /** Still at work on the same step; lets the process be heard and hear. */
  readonly alive: () => Promise<void>;
}

export function createProgress(total: number, onProgress: OnProgress): Progress {
  let count = 0;
  const report = () => onProgress({ unit: "engine run", count, total });
  return {
    advance: () => {
      count++;
      report();
    },
    alive: async () => {
      await setImmediate();
      report();
    },
  };
}
