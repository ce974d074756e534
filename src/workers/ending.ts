/**
 * How a worker ends that is asked to (SIGTERM, Ctrl-C): it takes nothing new, work under way has its grace to end and be
 * committed, and what does not is handed back to Temporal at once, which gives it to another worker without waiting for
 * a heartbeat to run out.
 */
import type { Context } from "@temporalio/activity";
import { ApplicationFailure, type CancelledFailure } from "@temporalio/common";
import type { ActivityInterceptors, Worker } from "@temporalio/worker";

/** After the grace: for processes to be killed and Temporal to be told. */
export const handBackMs = 3_000;
/** Temporal's own word for it, so that both kinds read the same in a history. */
const workerShutdown = "WorkerShutdown";
/** With what an activity is cancelled once its worker's grace is over. */
const graceOver = "WORKER_SHUTDOWN";

/** Aborts at the first SIGTERM or SIGINT. A second one ends the process, unless a supervisor decides about that. */
export function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  // A service manager may tell every process of ours, and the supervisor then tells this one again.
  if (process.connected) process.on("SIGTERM", () => undefined);
  return ending.signal;
}

/** They take nothing new from now on. */
export function drain(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
}

/** Resolves at its turn. Rejects once the worker ends before: work that has not begun is then another worker's. */
export function atItsTurn(turn: Promise<unknown>, ending: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const handBack = () =>
      reject(ApplicationFailure.retryable("the worker ends before this work has begun", workerShutdown));
    if (ending.aborted) return handBack();
    ending.addEventListener("abort", handBack, { once: true });
    void turn.then(() => {
      ending.removeEventListener("abort", handBack);
      resolve();
    });
  });
}

/**
 * Lets go of an activity when the grace is over, whatever it is at: the process ends with it, and a late commit is
 * refused by its fence. Not for the device's work, which has to be over before another's begins.
 */
export function handingBack({ cancelled }: Context): ActivityInterceptors {
  const letGo = new Promise<never>((_, reject) => {
    cancelled.catch((reason: CancelledFailure) => {
      if (reason.message === graceOver) reject(reason);
    });
  });
  letGo.catch(() => undefined); // where the activity has ended
  return { inbound: { execute: (input, next) => Promise.race([next(input), letGo]) } };
}
