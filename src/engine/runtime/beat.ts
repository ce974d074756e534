/** Work on files has no steps to report; this says each second that it goes on, so that nobody takes it for dead. */
import type { OnProgress } from "../../core/ports/policy.ts";

const beatMs = 1_000;

/** `unit` reads after a number: "seconds of reading weights". What `onProgress` throws ends the wait. */
export function beating<T>(unit: string, onProgress: OnProgress, work: Promise<T>): Promise<T> {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      try {
        onProgress({ unit, count: ++count, total: count });
      } catch (error) {
        reject(error);
      }
    }, beatMs);
  });
  return Promise.race([work, broken]).finally(() => clearInterval(timer));
}
