/** Whether a service answers, asked as often as anybody wants to know. */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * False where it fails or takes longer. One question is under way at a time: those that a stuck database does not answer
 * would take the connections of the work that waits for it.
 */
export function answering(ask: () => Promise<unknown>, limitMs: number): () => Promise<boolean> {
  let asked: Promise<boolean> | undefined;
  return () => {
    asked ??= ask()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        asked = undefined;
      });
    return Promise.race([asked, sleep(limitMs, false, { ref: false })]);
  };
}
