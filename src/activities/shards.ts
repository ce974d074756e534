/** A shard as it travels between the device and the tools: a reference, and how many of its trajectories go on. */
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import type { Shard, Trajectory } from "../core/trajectory/trajectory.ts";

export interface ShardState {
  readonly shard: ArtifactRef;
  /** Trajectories that still wait for a response. */
  readonly active: number;
}

export async function getShard(artifacts: Pick<ArtifactStore, "getJson">, ref: ArtifactRef): Promise<Shard> {
  return (await artifacts.getJson(ref)) as Shard;
}

/** In the shards' order. */
export async function trajectoriesOf(
  artifacts: Pick<ArtifactStore, "getJson">,
  refs: readonly ArtifactRef[],
): Promise<Trajectory[]> {
  const shards = await Promise.all(refs.map((ref) => getShard(artifacts, ref)));
  return shards.flatMap(({ trajectories }) => trajectories);
}

export async function putShard(artifacts: ArtifactStore, shard: Shard): Promise<ShardState> {
  return {
    shard: await artifacts.putJson("shard", shard),
    active: shard.trajectories.filter(({ state }) => state === "awaits_response").length,
  };
}
