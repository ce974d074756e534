/** Sampling, on the device: a turn of a whole shard, one response or a group of them at each trajectory's prefix. */
import type { SamplingSettings } from "../core/experiment/sampling.ts";
import { seedOf } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { SampledResponse, SamplingOptions } from "../core/ports/policy.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import { recordResponses } from "./episode.ts";
import type { DevicePorts } from "./ports.ts";
import { getShard, putShard, type ShardState } from "./shards.ts";
import { runStep, type StepContext } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface SampleTurn {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly shard: ArtifactRef;
  readonly turn: number;
  /** Responses at each prefix; the trajectory goes on with the first. */
  readonly samplesPerPrefix: number;
  readonly sampling: SamplingSettings;
}

export function createSamplingActivities(ports: DevicePorts) {
  return {
    sampleTurn: (input: SampleTurn): Promise<ShardState> =>
      runStep(ports.ledger, {
        kind: "sample-turn",
        version: stepVersions["sample-turn"],
        context: input.context,
        inputs: [
          input.policy.hash,
          input.shard.hash,
          input.samplesPerPrefix,
          { ...input.sampling } as Json,
          ...seedParts(input.context),
          input.turn,
        ],
        work: async () => {
          const shard = await getShard(ports.artifacts, input.shard);
          const waiting = shard.trajectories.filter(({ state }) => state === "awaits_response");
          const requests = waiting.map((trajectory) => ({
            prompt: trajectory.tokens,
            seeds: Array.from({ length: input.samplesPerPrefix }, (_, sample) =>
              turnSeed(input.context, trajectory, input.turn, sample),
            ),
          }));
          const responses = await ports.device(input.context.run, (engine, onProgress, signal) =>
            engine.sample(input.policy, requests, optionsOf(input.sampling), onProgress, signal),
          );
          const codec = await ports.codec(input.policy);
          let next = 0;
          const trajectories = shard.trajectories.map((trajectory) =>
            trajectory.state === "awaits_response"
              ? recordResponses(
                  trajectory,
                  responses[next++] as [SampledResponse, ...SampledResponse[]],
                  codec,
                )
              : trajectory,
          );
          return { result: await putShard(ports.artifacts, { ...shard, trajectories }) };
        },
      }),
  };
}

const optionsOf = ({ maxResponseTokens, ...options }: SamplingSettings): SamplingOptions => ({
  ...options,
  maxNewTokens: maxResponseTokens,
});

/** Seeds name the work, never the attempt: the same turn of the same trajectory draws the same numbers for ever. */
const seedParts = ({ seed, stage, iteration }: StepContext) => [seed, stage, iteration] as const;

const turnSeed = (context: StepContext, { environment, twin }: Trajectory, turn: number, sample: number) =>
  seedOf(...seedParts(context), environment, "trajectory", twin, turn, sample);
