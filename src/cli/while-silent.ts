/** Work that a person waits for: where it takes long they are told why, and never once it has ended. */

/** Gives what the work gives. Finding out why takes a while too, in which the work may end. */
export async function whileSilent<T>(
  work: () => Promise<T>,
  silentMs: number,
  why: () => Promise<string>,
  tell: (text: string) => void,
): Promise<T> {
  let ended = false;
  const tellWhy = async () => {
    const text = await why();
    if (!ended) tell(text);
  };
  const waiting = setTimeout(() => void tellWhy(), silentMs);
  try {
    return await work();
  } finally {
    ended = true;
    clearTimeout(waiting);
  }
}
