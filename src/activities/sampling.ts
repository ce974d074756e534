/** Sampling, on the device: a turn of a whole shard, or the responses at a slice of an iteration's prefix rows. */
import { seedOf } from "../core/hash.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { PrefixRow } from "../core/trajectory/prefix.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import { recordResponse } from "./episode.ts";
import type { DevicePorts } from "./ports.ts";
import { getShard, putShard, type ShardState } from "./shards.ts";
import { runStep, type StepContext } from "./step.ts";

interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly maxResponseTokens: number;
}

export interface SampleTurn {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly shard: ArtifactRef;
  readonly turn: number;
  readonly sampling: Sampling;
}

export interface SampleResponses {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly rows: ArtifactRef;
  /** This activity's slice of the rows. */
  readonly from: number;
  readonly count: number;
  readonly samplesPerPrefix: number;
  readonly sampling: Sampling;
}

export function createSamplingActivities(ports: DevicePorts) {
  return {
    sampleTurn: (input: SampleTurn): Promise<ShardState> =>
      runStep(ports.ledger, {
        kind: "sample-turn",
        version: 1,
        context: input.context,
        inputs: [
          input.policy.hash,
          input.shard.hash,
          { ...input.sampling },
          ...seedParts(input.context),
          input.turn,
        ],
        work: async () => {
          const shard = await getShard(ports.artifacts, input.shard);
          const waiting = shard.trajectories.filter(({ state }) => state === "awaits_response");
          const requests = waiting.map((trajectory) => ({
            prompt: trajectory.tokens,
            seeds: [turnSeed(input.context, trajectory, input.turn)],
          }));
          const responses = await ports.device((engine, onProgress, signal) =>
            engine.sample(input.policy, requests, optionsOf(input.sampling), onProgress, signal),
          );
          const codec = await ports.codec(input.policy);
          let next = 0;
          const trajectories = shard.trajectories.map((trajectory) =>
            trajectory.state === "awaits_response"
              ? recordResponse(trajectory, responses[next++]![0]!, codec)
              : trajectory,
          );
          return { result: await putShard(ports.artifacts, { ...shard, trajectories }) };
        },
      }),

    sampleResponses: (input: SampleResponses): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "sample-responses",
        version: 1,
        context: input.context,
        inputs: [
          input.policy.hash,
          input.rows.hash,
          input.from,
          input.count,
          input.samplesPerPrefix,
          { ...input.sampling },
          ...seedParts(input.context),
        ],
        work: async () => {
          const rows = (await ports.artifacts.getJson(input.rows)) as PrefixRow[];
          const requests = rows.slice(input.from, input.from + input.count).map((row) => ({
            prompt: row.prompt,
            seeds: Array.from({ length: input.samplesPerPrefix }, (_, sample) =>
              rowSeed(input.context, row, sample),
            ),
          }));
          const responses = await ports.device((engine, onProgress, signal) =>
            engine.sample(input.policy, requests, optionsOf(input.sampling), onProgress, signal),
          );
          return { result: await ports.artifacts.putJson("responses", responses) };
        },
      }),
  };
}

const optionsOf = ({ temperature, topP, maxResponseTokens }: Sampling) => ({
  temperature,
  topP,
  maxNewTokens: maxResponseTokens,
});

/** Seeds name the work, never the attempt: the same turn of the same trajectory draws the same numbers for ever. */
const seedParts = ({ seed, stage, iteration }: StepContext) => [seed, stage, iteration] as const;

const turnSeed = (context: StepContext, { environment, twin }: Trajectory, turn: number) =>
  seedOf(...seedParts(context), environment, "trajectory", twin, turn, 0);

const rowSeed = (context: StepContext, { environment, trajectory, turn }: PrefixRow, sample: number) =>
  seedOf(...seedParts(context), environment, "row", trajectory, turn, sample);
