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
  const { ids, mass } = nucleus(chances_V, topP);
  const target = uniform * mass;
  let sum = 0;
  for (const id of ids) {
    sum += chances_V[id]!;
    if (sum > target) return id;
  }
  // Diverged weights have a nucleus of nothing.
  return ids.at(-1) ?? 0;
}

/** Few tokens hold most of a likely distribution; only those above a floor are sorted, and it is lowered in steps. */
const floors = [2 ** -8, 2 ** -12, 2 ** -16, 0];

/** The likeliest tokens, the likeliest first and the lowest id on a tie, and the mass they hold. */
function nucleus(chances_V: Float32Array, topP: number): { ids: readonly number[]; mass: number } {
  let ids: number[] = [];
  let mass = 0;
  for (const floor of floors) {
    const candidates = [];
    for (let id = 0; id < chances_V.length; id++) if (chances_V[id]! > floor) candidates.push(id);
    candidates.sort((a, b) => chances_V[b]! - chances_V[a]! || a - b);
    let size = 0;
    mass = 0;
    while (size < candidates.length && mass < topP) mass += chances_V[candidates[size++]!]!;
    ids = candidates.slice(0, size);
    if (mass >= topP) break;
  }
  return { ids, mass };
}
