/** From a row of the vocabulary to a token. Pure: the same row and the same uniform number give the same token. */

/** The id of the largest value; the lowest id wins a tie. */
export function likeliest(row_V: Float32Array): number {
  let best = 0;
  for (let id = 1; id < row_V.length; id++) if (row_V[id]! > row_V[best]!) best = id;
  return best;
}

/** What can be drawn at all. */
export interface Cut {
  /** 1 is off. */
  readonly topP: number;
  /** Absent is off. */
  readonly topK?: number | undefined;
}

/**
 * The token at `uniform` in [0, 1) of the distribution's mass, in the order of ids. With topK of the mass of the topK
 * likeliest tokens only, and with topP < 1 of the nucleus of what is left: the fewest likeliest tokens that hold at
 * least topP of its mass (Holtzman et al., arXiv 1904.09751). In that order, as in `transformers` and llama.cpp.
 *
 * @param chances_V probabilities; they need not sum to 1 exactly, as rounded ones never do.
 */
export function drawToken(chances_V: Float32Array, { topP, topK }: Cut, uniform: number): number {
  if (topK !== undefined)
    return drawAmong(chances_V, cutNucleus(chances_V, likeliestOf(chances_V, topK), topP), uniform);
  if (topP < 1) return drawAmong(chances_V, nucleus(chances_V, topP), uniform);
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

interface Candidates {
  /** The likeliest first, the lowest id on a tie. */
  readonly ids: readonly number[];
  readonly mass: number;
}

function drawAmong(chances_V: Float32Array, { ids, mass }: Candidates, uniform: number): number {
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

function nucleus(chances_V: Float32Array, topP: number): Candidates {
  let found: Candidates = { ids: [], mass: 0 };
  for (const floor of floors) {
    found = firstThat(chances_V, sortedAbove(chances_V, floor), topP);
    if (found.mass >= topP) break;
  }
  return found;
}

/** The topK likeliest tokens; fewer where no more have a chance. */
function likeliestOf(chances_V: Float32Array, topK: number): readonly number[] {
  let ids: readonly number[] = [];
  for (const floor of floors) {
    ids = sortedAbove(chances_V, floor);
    if (ids.length >= topK) break;
  }
  return ids.slice(0, topK);
}

function cutNucleus(chances_V: Float32Array, ids: readonly number[], topP: number): Candidates {
  const mass = ids.reduce((sum, id) => sum + chances_V[id]!, 0);
  return topP < 1 ? firstThat(chances_V, ids, topP * mass) : { ids, mass };
}

/** The first of the sorted ids that hold `wanted` together, or all of them. */
function firstThat(chances_V: Float32Array, ids: readonly number[], wanted: number): Candidates {
  let size = 0;
  let mass = 0;
  while (size < ids.length && mass < wanted) mass += chances_V[ids[size++]!]!;
  return { ids: ids.slice(0, size), mass };
}

function sortedAbove(chances_V: Float32Array, floor: number): readonly number[] {
  const ids = [];
  for (let id = 0; id < chances_V.length; id++) if (chances_V[id]! > floor) ids.push(id);
  return ids.sort((a, b) => chances_V[b]! - chances_V[a]! || a - b);
}
