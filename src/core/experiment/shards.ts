/**
 * How many shards Temporal has room for, so that work beyond its limits is refused before it begins. Both numbers leave some
 * for what else comes: pauses and resets, other results, encryption. Measured: docs/benchmarks.md.
 */
import { RatchetError } from "../errors.ts";

/**
 * A training hands over between iterations only, with at most some 4,100 events by then, and each shard of the next adds up
 * to 9: 40,100 of the 51,200 that a history may have.
 */
export const mostShardsOfIteration = 4_000;

/** References to all shards travel in one message of at most 2 MB, at some 107 bytes each. */
export const mostShardsTogether = 18_000;

interface Sampled {
  /** Environments, or as many samples as are drawn in them. */
  readonly episodes: number;
  readonly shardSize: number;
}

export const shardsOf = ({ episodes, shardSize }: Sampled): number => Math.ceil(episodes / shardSize);

export const environmentsIn = (scenarios: object): number =>
  Object.values(scenarios as Readonly<Record<string, number>>).reduce((sum, count) => sum + count, 0);

/** Throws InvalidInput, naming the field of the part with the most shards. */
export function requireRoomForShards(
  what: string,
  parts: readonly (Sampled & { readonly field: string })[],
): void {
  const all = parts.reduce((sum, part) => sum + shardsOf(part), 0);
  if (all <= mostShardsTogether) return;
  const { field, shardSize, ...most } = parts.reduce((a, b) => (shardsOf(b) > shardsOf(a) ? b : a));
  const own = shardsOf({ ...most, shardSize });
  throw new RatchetError(
    "InvalidInput",
    `${what}: field '${field}' = ${shardSize}: makes ${own === all ? "" : `${own} of `}${all} shards, and ${mostShardsTogether} is the most whose references one message of Temporal has room for; raise it, or sample in fewer environments`,
    { field, value: shardSize, limit: mostShardsTogether },
  );
}
