/** Work that runs one piece at a time, in the order it came; what is aborted while it waits never runs. */

export type InTurn = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let last: Promise<void> = Promise.resolve();
  return async (signal, work) => {
    const before = last;
    let leave = () => {};
    last = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await unlessAborted(before, signal);
      return await work();
    } finally {
      void before.then(leave);
    }
  };
}

/** Rejects with the signal's reason as soon as it is aborted. */
function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
