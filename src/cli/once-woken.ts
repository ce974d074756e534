/** A run that parked in its very first activity, which would have stored it: woken first, and then read. */
import { setTimeout as sleep } from "node:timers/promises";
import { RatchetError } from "../core/errors.ts";

/** What the first activity takes where nothing is in its way, several times over. */
const patienceMs = 20_000;
const pollMs = 500;

/**
 * Gives what `read` finds, after waking the run where it finds none. Throws InvalidInput where the run is nowhere, and
 * where it does not come to be stored.
 */
export async function onceWoken<T>(
  read: () => Promise<T>,
  wake: () => Promise<readonly string[]>,
  interrupted: AbortSignal,
): Promise<T> {
  const isUnknown = (error: unknown) => error instanceof RatchetError && error.type === "InvalidInput";
  let deadline: number | undefined;
  for (;;)
    try {
      return await read();
    } catch (error) {
      if (!isUnknown(error)) throw error;
      if (deadline === undefined && (await wake()).length === 0) throw error;
      deadline ??= performance.now() + patienceMs;
      if (performance.now() > deadline) throw error;
      await sleep(pollMs, undefined, { signal: interrupted });
    }
}
