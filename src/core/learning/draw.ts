/** Which members of a set are taken, epoch after epoch: each epoch is one seeded permutation of the whole set. */
import { seedOf } from "../hash.ts";
import { seededRandom } from "../random.ts";

/** Places `from` to `to`, the last one excluded, of all epochs one after the other. */
export function drawInEpochs(size: number, from: number, to: number, seed: number): number[] {
  const epochs = new Map<number, number[]>();
  const permutation = (epoch: number) => {
    const known = epochs.get(epoch);
    if (known) return known;
    const members = seededRandom(seedOf(seed, "epoch", epoch)).shuffle(
      Array.from({ length: size }, (_, i) => i),
    );
    epochs.set(epoch, members);
    return members;
  };
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => {
    const at = from + i;
    return permutation(Math.floor(at / size))[at % size]!;
  });
}

/** Whose trajectory: an index into the set, and which of the environment's trajectories in this iteration it is. */
export interface Place {
  readonly member: number;
  readonly twin: number;
}

/** An iteration's `total` environments, drawn without replacement, epoch after epoch. */
export function drawPlaces(size: number, total: number, iteration: number, seed: number): Place[] {
  const from = (iteration - 1) * total;
  const seen = new Map<number, number>();
  return drawInEpochs(size, from, from + total, seed).map((member) => {
    const twin = seen.get(member) ?? 0;
    seen.set(member, twin + 1);
    return { member, twin };
  });
}
