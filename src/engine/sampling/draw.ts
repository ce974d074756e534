/** From a row of the vocabulary to a token. Pure: the same row and the same uniform number give the same token. */

/** The id of the largest value; the lowest id wins a tie. */
export function likeliest(row_V: Float32Array): number {
  let best = 0;
  for (let id = 1; id < row_V.length; id++) if (row_V[id]! > row_V[best]!) best = id;
  return best;
}

/**
 * The token at `uniform` in [0, 1) of the distribution's mass, in the order of ids; with topP < 1 of the mass of the
 * nucleus only: the fewest likeliest tokens that hold at least topP of it (Holtzman et al., arXiv 1904.09751).
 *
 * @param chances_V probabilities; they need not sum to 1 exactly, as rounded ones never do.
 */
export function drawToken(chances_V: Float32Array, topP: number, uniform: number): number {
  if (topP < 1) return drawFromNucleus(chances_V, topP, uniform);
  let mass = 0;
  for (let id = 0; id < chances_V.length; id++) mass += chances_V[id]!;
  const target = uniform * mass;
  let last = 0;
  for (let id = 0, sum = 0; id < chances_V.length; id++) {
    if (chances_V[id]! === 0) continue;
    sum += chances_V[id]!;
    last = id;
    if (sum > target) break;
  }
  return last;
}

function drawFromNucleus(chances_V: Float32Array, topP: number, uniform: number): number {
  // What lies below this sums to less than 1 - topP over the whole vocabulary, so the nucleus never needs it and only
  // a handful of tokens is sorted.
  const floor = (1 - topP) / chances_V.length;
  const candidates: number[] = [];
  let mass = 0;
  for (let id = 0; id < chances_V.length; id++) {
    mass += chances_V[id]!;
    if (chances_V[id]! >= floor) candidates.push(id);
  }
  candidates.sort((a, b) => chances_V[b]! - chances_V[a]! || a - b);
  let size = 0;
  let held = 0;
  while (size < candidates.length && held < topP * mass) held += chances_V[candidates[size++]!]!;
  const nucleus = candidates.slice(0, Math.max(size, 1));
  const target = uniform * held;
  let sum = 0;
  for (const id of nucleus) {
    sum += chances_V[id]!;
    if (sum > target) return id;
  }
  return nucleus.at(-1)!;
}
