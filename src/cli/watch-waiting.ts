/**
 * What a person who follows a run is told while it does not go on: the line that `ratchet status` shows, once and again
 * when it changes. A run that was parked before this command came is woken; one that a person paused is left to them.
 */
import type { Waiting } from "./waiting.ts";
import { explainTrouble, withoutTimes } from "./waiting.ts";

/** A look asks Temporal about every open workflow. */
const lookMs = 5_000;
/** Time enough for a person at another terminal to mend it and resume. */
const stayMs = 30_000;

export interface WatchOptions {
  readonly run: string;
  /** The run was under way before this command. */
  readonly joined: boolean;
  readonly nowMs: () => number;
  readonly write: (line: string) => void;
  /** Undefined where Temporal does not answer, or the run is not under way. */
  readonly read: () => Promise<Waiting | undefined>;
  readonly wake: () => Promise<unknown>;
}

/** How a run is held that does not go on by itself, and the sentence that says why. */
export interface Held {
  readonly state: "parked" | "paused";
  readonly because: string;
}

/** Returns a function to be called as often as one likes; it tells once the run has been held for long. */
export function createWatch({ run, joined, nowMs, write, read, wake }: WatchOptions) {
  let lookedAt = nowMs();
  let shown: string | null = null;
  let mayWake = joined;
  let heldSince: number | undefined;
  return async (): Promise<Held | undefined> => {
    if (nowMs() - lookedAt < lookMs) return undefined;
    const waiting = await read();
    lookedAt = nowMs();
    if (waiting === undefined) return undefined;
    const line = explainTrouble(run, waiting);
    if (line !== null && withoutTimes(line) !== shown) write(line);
    shown = line && withoutTimes(line);
    const state = waiting.waitsFor !== null ? "parked" : waiting.state === "paused" ? "paused" : undefined;
    // A worker that does not answer leaves it open how the run was when this command came.
    if (waiting.state === undefined) return undefined;
    if (state === "parked" && mayWake) {
      await wake();
      write(`run ${run} was parked; it tries again`);
    }
    mayWake = false;
    heldSince = state === undefined ? undefined : (heldSince ?? lookedAt);
    if (state === undefined || lookedAt - heldSince! < stayMs) return undefined;
    return { state, because: line! };
  };
}
