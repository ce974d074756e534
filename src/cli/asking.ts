/** One Ctrl-C may arrive twice: the terminal sends it to every process, and npm hands on what it was sent itself. */

/** People are slower, npm is faster. */
const sameAskingMs = 300;

/** Calls `act` for each signal but those that repeat the one before. */
export function onceForEachAsking(act: () => void, now: () => number = () => performance.now()): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const at = now();
    if (at - lastAt >= sameAskingMs) {
      lastAt = at;
      act();
    }
  };
}
