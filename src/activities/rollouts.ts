/**
 * Rollouts, the part beside the device: prompts are rendered, and what the policy said is answered by tools in the
 * sandbox. Each turn is committed before the next begins; a crash costs at most one turn of one shard.
 */
import type { Environment } from "../core/environment/environment.ts";
import { environmentHash, unsolvedSet } from "../core/environment/environment.ts";
import { promptMessages } from "../core/environment/prompt.ts";
import { RatchetError } from "../core/errors.ts";
import { seedOf } from "../core/hash.ts";
import { drawPlaces, type Place } from "../core/learning/draw.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { ChatCodec } from "../core/ports/policy.ts";
import type { RewardKind } from "../core/reward/reward.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import { playTools } from "./episode.ts";
import type { CpuPorts } from "./ports.ts";
import { getShard, putShard, type ShardState } from "./shards.ts";
import { guarded, runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

/** Part of an iteration's draw: `count` of its `total` places, beginning with `from`. However many, they travel as three numbers. */
interface DrawnPlaces {
  readonly total: number;
  readonly from: number;
  readonly count: number;
}

export interface StartShard {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  readonly members: readonly Place[] | DrawnPlaces;
  readonly maxResponseTokens: number;
  /** The policy is asked the bare question and shown no tools: does it know the answer by heart? */
  readonly blind?: boolean;
}

export interface RunTools {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  readonly shard: ArtifactRef;
  readonly reward: RewardKind;
  readonly maxTurns: number;
  readonly maxResponseTokens: number;
}

export function createRolloutActivities(ports: CpuPorts) {
  const placesOf = guarded(async ({ members, environments: ref, context }: StartShard) => {
    if ("length" in members) return members;
    const { environments } = await ports.environmentSet(ref);
    const seed = seedOf(context.seed, context.stage);
    const places = drawPlaces(environments.length, members.total, context.iteration, seed);
    return places.slice(members.from, members.from + members.count);
  });

  return {
    startShard: async (input: StartShard): Promise<ShardState> => {
      const members = await placesOf(input);
      return runStep(ports.ledger, {
        kind: "start-shard",
        version: stepVersions["start-shard"],
        context: input.context,
        inputs: [
          input.policy.hash,
          input.environments.hash,
          members.map(({ member, twin }) => [member, twin]),
          input.maxResponseTokens,
          ...(input.blind ? ["blind"] : []),
        ],
        work: () =>
          whileAlive(async () => {
            const set = await ports.environmentSet(input.environments);
            const codec = await ports.codec(input.policy);
            const trajectories = members.map((place) =>
              startTrajectory(set.environments[place.member]!, place, codec, input),
            );
            return {
              result: await putShard(ports.artifacts, {
                environments: input.environments.hash,
                trajectories,
              }),
            };
          }),
      });
    },

    runTools: (input: RunTools): Promise<ShardState> =>
      runStep(ports.ledger, {
        kind: "run-tools",
        version: stepVersions["run-tools"],
        context: input.context,
        inputs: [
          input.policy.hash,
          input.environments.hash,
          input.shard.hash,
          input.reward,
          input.maxTurns,
          input.maxResponseTokens,
        ],
        work: () =>
          whileAlive(async () => {
            const set = await ports.environmentSet(input.environments);
            const shard = await getShard(ports.artifacts, input.shard);
            const codec = await ports.codec(input.policy);
            const trajectories = await playTools(shard.trajectories, set, codec, ports.sandbox, input);
            return { result: await putShard(ports.artifacts, { ...shard, trajectories }) };
          }),
      }),
  };
}

function startTrajectory(
  environment: Environment,
  place: Place,
  codec: ChatCodec,
  { maxResponseTokens, blind = false }: StartShard,
): Trajectory {
  const tokens = blind
    ? codec.encodePrompt([{ role: "user", content: environment.question }], [])
    : codec.encodePrompt(
        promptMessages(environment),
        environment.tools.map(({ document }) => document),
      );
  if (tokens.length + maxResponseTokens > codec.contextTokens)
    throw new RatchetError(
      "PromptTooLong",
      `environment ${place.member} ('${environment.question.slice(0, 60)}'): its prompt has ${tokens.length} tokens and a response may have ${maxResponseTokens}, over the policy's context of ${codec.contextTokens}; lower maxResponseTokens or maxTools, or use the compact profile`,
      { ...place, promptTokens: tokens.length, maxResponseTokens, contextTokens: codec.contextTokens },
    );
  return {
    ...place,
    environment: environmentHash(environment),
    tokens,
    turns: [],
    unsolved: unsolvedSet(environment),
    state: "awaits_response",
  };
}
