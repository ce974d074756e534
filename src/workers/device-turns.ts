/**
 * One piece of work at a time on the device. While it waits it is alive without progress, and a beat says so; once it
 * works, only the engine's progress is life, and it beats for the activity whose work it is. Once its worker ends, what
 * waits is handed back at once; what has begun has the worker's grace.
 */
import { Context } from "@temporalio/activity";
import type { OnProgress, PolicySampler, PolicyTrainer } from "../core/ports/policy.ts";
import { atItsTurn } from "./ending.ts";

type Engine = PolicySampler & PolicyTrainer;
type Device = <T>(
  work: (engine: Engine, onProgress: OnProgress, signal: AbortSignal) => Promise<T>,
) => Promise<T>;

const waitingBeatMs = 1_000;

/** `onTurn` is told how long the work waited, ms. */
export function inTurns(
  engine: Engine,
  ending: AbortSignal,
  onTurn: (waitedMs: number) => void = () => {},
): Device {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    // The engine's messages arrive in the context of whichever activity started it, so this one's is held on to.
    const activity = Context.current();
    const beat = setInterval(() => activity.heartbeat({ waitsFor: "device" }), waitingBeatMs);
    const before = last;
    const askedAt = performance.now();
    let release = () => {};
    last = new Promise<void>((resolve) => {
      release = resolve;
    });
    try {
      await atItsTurn(before, ending);
      activity.cancellationSignal.throwIfAborted();
      clearInterval(beat);
      onTurn(performance.now() - askedAt);
      return await work(engine, (progress) => activity.heartbeat(progress), activity.cancellationSignal);
    } finally {
      clearInterval(beat);
      // Whoever comes after one that was handed back still waits for the work at hand.
      void before.then(release);
    }
  };
}
