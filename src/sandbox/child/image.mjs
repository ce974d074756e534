// Images of an interpreter's memory: what it was like before a call, to be put back after it. Putting back the whole
// interpreter does what no disposal of handles could, and makes every call the first one.

import { Buffer } from "node:buffer";

/** Zeros are wiped and not copied, in stretches of this many bytes. */
const stretchBytes = 65_536;
const zeros = new Uint8Array(stretchBytes);

/**
 * `unused` is a range, `{ from, to }` in bytes, that a sound interpreter never writes: below the deepest end of a stack.
 * It is left out; its last stretch tells whether a stack came so far after all, and then it is wiped as well.
 */
export function createImages(memory, unused) {
  const bytes = () => new Uint8Array(memory().buffer);
  const guardFrom = Math.max(unused.from, unused.to - stretchBytes);
  return {
    take() {
      const now = bytes();
      const parts = [...partsOf(now, 0, unused.from), ...partsOf(now, unused.to, now.length)];
      return { parts, length: now.length };
    },
    putBack({ parts, length }) {
      const now = bytes();
      for (const { from, to, content } of parts) {
        if (content) now.set(content, from);
        else now.fill(0, from, to);
      }
      now.fill(0, length);
      if (!isZero(now, guardFrom, unused.to)) now.fill(0, unused.from, unused.to);
    },
    size: () => memory().buffer.byteLength,
  };
}

/** A range as `{ from, to, content }`, stretches of one kind in a row as one; without content they are zero. */
function partsOf(now, start, end) {
  const parts = [];
  for (let from = start; from < end; from += stretchBytes) {
    const to = Math.min(from + stretchBytes, end);
    const zero = isZero(now, from, to);
    const last = parts.at(-1);
    if (last?.zero === zero) last.to = to;
    else parts.push({ from, to, zero });
  }
  return parts.map(({ from, to, zero }) => ({ from, to, content: zero ? undefined : now.slice(from, to) }));
}

function isZero(now, from, to) {
  return Buffer.compare(now.subarray(from, to), zeros.subarray(0, to - from)) === 0;
}
