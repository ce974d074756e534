/** Tells a process that is silent, frozen or stuck, from one that is slow: it is asked again and again, and never answers. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Patience {
  readonly everyMs: number;
  /** One question waits so long for its answer. */
  readonly answerMs: number;
  /** Without any answer for so long a process counts as silent. On a busy machine one may be slow for seconds. */
  readonly silentMs: number;
}

export const usualPatience: Patience = { everyMs: 5_000, answerMs: 10_000, silentMs: 30_000 };

/** Resolves once the process has been silent for too long; rejects with what `ended` aborts with. */
export async function silence(
  answers: (signal: AbortSignal) => Promise<unknown>,
  { everyMs, answerMs, silentMs }: Patience,
  ended: AbortSignal,
): Promise<void> {
  let heardAt = performance.now();
  while (performance.now() - heardAt < silentMs) {
    await sleep(everyMs, undefined, { signal: ended });
    if (await answersWithin(answerMs, ended, answers)) heardAt = performance.now();
  }
}

/** Asked once; whatever it says of itself, it speaks. */
export const answersWithin = (
  limitMs: number,
  ended: AbortSignal,
  answers: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> =>
  within(limitMs, ended, answers).then(
    () => true,
    () => false,
  );

/**
 * Gives the work a signal that aborts after so long, or as `ended` does. Node may collect an `AbortSignal.timeout` that
 * only `AbortSignal.any` holds before it fires (nodejs/node#57736); a timer is held until it does.
 */
export async function within<T>(
  limitMs: number,
  ended: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const end = () => limit.abort(ended.reason);
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
  ended.addEventListener("abort", end, { once: true });
  if (ended.aborted) end();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", end);
  }
}
