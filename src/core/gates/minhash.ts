/**
 * MinHash (Broder 1997): how alike two sets of texts are, from short signatures; and banded locality-sensitive hashing,
 * which finds the signatures that can be alike without comparing all pairs. Seeded: the same sets, the same signatures.
 */
import { seededRandom } from "../random.ts";

/** Standard error of the estimated similarity: sqrt(0.8 * 0.2 / 128) = 0.035 at 0.8. */
const permutations = 128;
const draw = seededRandom(0x5eed);
const multipliers = Int32Array.from({ length: permutations }, () => draw.integer(2 ** 32) | 1);
const offsets = Int32Array.from({ length: permutations }, () => draw.integer(2 ** 32) | 0);

export type Signature = Uint32Array;

/** [128]: the least value of each permutation over the set's members. */
export function signatureOf(members: Iterable<string>): Signature {
  const signature = new Uint32Array(permutations).fill(0xffffffff);
  for (const member of new Set(members)) {
    const hash = hashOf(member);
    for (let i = 0; i < permutations; i++) {
      let mixed = Math.imul(hash ^ offsets[i]!, multipliers[i]!);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
      mixed = (mixed ^ (mixed >>> 13)) >>> 0;
      if (mixed < signature[i]!) signature[i] = mixed;
    }
  }
  return signature;
}

/** The low 16 bits of each value: unequal ones agree by chance once in 65,536 times, and it takes half the room. */
export const shortened = (signature: Signature): ShortSignature => Uint16Array.from(signature);
export type ShortSignature = Uint16Array;

/** Estimated Jaccard similarity, 0 to 1: the share of permutations whose least value both sets have. */
export function similarity(a: Signature | ShortSignature, b: Signature | ShortSignature): number {
  let equal = 0;
  for (let i = 0; i < permutations; i++) if (a[i] === b[i]) equal += 1;
  return equal / permutations;
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Runs of `size` pieces; all of them as one where there are fewer. */
export function shingles(pieces: readonly string[], size: number): string[] {
  if (pieces.length <= size) return [pieces.join(" ")];
  return Array.from({ length: pieces.length - size + 1 }, (_, i) => pieces.slice(i, i + size).join(" "));
}

export interface Bands<T> {
  add(signature: Signature, item: T): void;
  /** What was added with a signature that agrees in a whole band, each once, in the order of adding. */
  near(signature: Signature): T[];
}

/**
 * A pair of similarity s is found with probability 1 - (1 - s^rows)^(128 / rows): of 4 rows, more than 0.999 from 0.7
 * on, and 0.49 at 0.38.
 */
export function createBands<T>(rows: number): Bands<T> {
  // By 32 bits of the band: that two bands fall together by chance only costs a comparison. Most bands are of one item.
  const firsts = new Map<number, number>();
  const others = new Map<number, number[]>();
  const items: T[] = [];
  const keysOf = (signature: Signature) =>
    Array.from(
      { length: permutations / rows },
      (_, band) => hashOf([band, ...signature.subarray(band * rows, (band + 1) * rows)].join(" ")) | 0,
    );
  return {
    add(signature, item) {
      for (const key of keysOf(signature)) {
        const more = others.get(key);
        if (more) more.push(items.length);
        else if (firsts.has(key)) others.set(key, [items.length]);
        else firsts.set(key, items.length);
      }
      items.push(item);
    },
    near(signature) {
      const found = new Set(
        keysOf(signature).flatMap((key) => [firsts.get(key) ?? [], others.get(key) ?? []].flat()),
      );
      return [...found].sort((a, b) => a - b).map((at) => items[at]!);
    },
  };
}
