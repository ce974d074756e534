/** Bytes of a child as lines: whole ones are handed on in order; one that never ends is an error. */
import { longestText } from "./limits.ts";

/** Longest line a child may send: an outcome's text, every character escaped. */
const longestLine = 16 * longestText;

export function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder();
  let pending = "";
  return (chunk) => {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = lines.pop()!;
    if (pending.length > longestLine) throw new Error(`a line of more than ${longestLine} characters`);
    for (const line of lines) onLine(line);
  };
}
