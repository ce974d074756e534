/**
 * Finds stop strings in what was said. Text is compared as bytes, since a token may end in the middle of a character and
 * a string may begin in one token and end in a later one.
 */

/**
 * Whether the last token completes one of the strings; whoever asks after every token misses none.
 *
 * @param tokenBytes by token id; an id without bytes stands for no text.
 */
export function stopStrings(
  tokenBytes: readonly Uint8Array[],
  strings: readonly string[],
): (tokens: readonly number[]) => boolean {
  if (strings.length === 0) return () => false;
  const wanted = strings.map((text) => Buffer.from(text));
  const longest = Math.max(...wanted.map(({ length }) => length));
  return (tokens) => {
    const parts: Uint8Array[] = [];
    const last = tokenBytes[tokens.at(-1)!] ?? new Uint8Array();
    // A string that ends in the last token begins at most this many bytes from the end.
    const reach = last.length + longest - 1;
    for (let i = tokens.length - 1, held = 0; i >= 0 && held < reach; i--) {
      const bytes = tokenBytes[tokens[i]!] ?? new Uint8Array();
      parts.unshift(bytes);
      held += bytes.length;
    }
    const said = Buffer.concat(parts);
    const before = said.length - last.length;
    return wanted.some((bytes) => said.indexOf(bytes, Math.max(0, before - bytes.length + 1)) >= 0);
  };
}
