/** Work on files has no steps to report; this says when it begins and each second that it goes on, so that nobody takes it for dead. */
import type { OnProgress } from "../../core/ports/policy.ts";

const beatMs = 1_000;

const beaten = "seconds of ";

/** Whether a unit of progress is that of work on files, and not of sampling or training. */
export const isBeaten = (unit: string) => unit.startsWith(beaten);

/** `what` as in "reading weights". What `onProgress` throws ends the wait. */
export function beating<T>(what: string, onProgress: OnProgress, work: Promise<T>): Promise<T> {
  const unit = beaten + what;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    const beat = () => {
      try {
        onProgress({ unit, count, total: count });
        count++;
      } catch (error) {
        reject(error);
      }
    };
    timer = setInterval(beat, beatMs);
    beat();
  });
  return Promise.race([work, broken]).finally(() => clearInterval(timer));
}
