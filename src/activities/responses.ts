/**
 * Turn mode, as FTRL trains: every turn-prefix of a sampled trajectory is a row, n responses are sampled at each, and
 * each response earns its own one-turn reward in the state its prefix left.
 */
import { meanMetrics } from "../core/evaluation/metrics.ts";
import { evaluateTrajectory } from "../core/evaluation/trajectory.ts";
import type { ReinforcementSettings } from "../core/experiment/input.ts";
import { seedOf } from "../core/hash.ts";
import type { JsonObject } from "../core/json.ts";
import { buildPolicyBatch, type ScoredGroup } from "../core/learning/batch.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { SampledResponse } from "../core/ports/policy.ts";
import { seededRandom } from "../core/random.ts";
import { type PrefixRow, prefixRows } from "../core/trajectory/prefix.ts";
import { judgeResponses } from "./episode.ts";
import type { CpuPorts } from "./ports.ts";
import { getShard } from "./shards.ts";
import { runStep, type StepContext, whileAlive } from "./step.ts";

export interface CollectPrefixes {
  readonly context: StepContext;
  readonly environments: ArtifactRef;
  readonly shards: readonly ArtifactRef[];
  readonly maxPrefixRows: number | null;
}

export interface CollectedPrefixes {
  readonly rows: ArtifactRef;
  readonly count: number;
  /** How the iteration's trajectories did, at their sampling temperature. */
  readonly metrics: JsonObject;
}

export interface ScoreResponses {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  readonly rows: ArtifactRef;
  readonly from: number;
  readonly responses: ArtifactRef;
  readonly reward: ReinforcementSettings["reward"];
}

export interface AssembleBatch {
  readonly context: StepContext;
  readonly scored: readonly ArtifactRef[];
  readonly algorithm: ReinforcementSettings["algorithm"];
  readonly miniBatches: number;
  readonly shuffleRewards: boolean;
}

export interface AssembledBatch {
  readonly batch: ArtifactRef;
  readonly rows: number;
  readonly metrics: JsonObject;
}

export function createResponseActivities(ports: CpuPorts) {
  const getRows = async (ref: ArtifactRef) => (await ports.artifacts.getJson(ref)) as PrefixRow[];
  return {
    collectPrefixes: (input: CollectPrefixes): Promise<CollectedPrefixes> =>
      runStep(ports.ledger, {
        kind: "collect-prefixes",
        version: 1,
        context: input.context,
        inputs: [
          input.shards.map(({ hash }) => hash),
          input.maxPrefixRows,
          input.context.seed,
          input.context.iteration,
        ],
        work: () =>
          whileAlive(async () => {
            const shards = await Promise.all(input.shards.map((shard) => getShard(ports.artifacts, shard)));
            const trajectories = shards.flatMap((shard) => shard.trajectories);
            const kept = drawRows(trajectories.flatMap(prefixRows), input.maxPrefixRows, input.context);
            const { environments } = await ports.environmentSet(input.environments);
            const { solveP, solveR, solveF1 } = meanMetrics(
              trajectories.map((trajectory) =>
                evaluateTrajectory(trajectory, environments[trajectory.member]!),
              ),
            );
            return {
              result: {
                rows: await ports.artifacts.putJson("rows", kept),
                count: kept.length,
                metrics: { solveP, solveR, solveF1 },
              },
            };
          }),
      }),

    scoreResponses: (input: ScoreResponses): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "score-responses",
        version: 2,
        context: input.context,
        inputs: [input.environments.hash, input.rows.hash, input.from, input.responses.hash, input.reward],
        work: () =>
          whileAlive(async () => {
            const set = await ports.environmentSet(input.environments);
            const codec = await ports.codec(input.policy);
            const responses = (await ports.artifacts.getJson(input.responses)) as SampledResponse[][];
            const rows = (await getRows(input.rows)).slice(input.from, input.from + responses.length);
            const judged = await judgeResponses(
              rows.flatMap(({ member, unsolved }, i) =>
                responses[i]!.map(({ tokens }) => ({ member, unsolved, text: codec.decode(tokens) })),
              ),
              set,
              ports.sandbox,
              input.reward,
            );
            let next = 0;
            const groups: ScoredGroup[] = rows.map(({ prompt }, i) => ({
              prompt,
              responses: responses[i]!.map(({ tokens, logprobs, finish }) => {
                const { reward, calls } = judged[next++]!;
                return {
                  tokens,
                  logprobs,
                  reward,
                  finish,
                  calls: calls.length,
                  solved: calls.filter(({ solved }) => solved !== null).length,
                };
              }),
            }));
            return { result: await ports.artifacts.putJson("scored", groups) };
          }),
      }),

    assembleBatch: (input: AssembleBatch): Promise<AssembledBatch> =>
      runStep(ports.ledger, {
        kind: "assemble-batch",
        version: 2,
        context: input.context,
        inputs: [
          input.scored.map(({ hash }) => hash),
          input.algorithm,
          input.miniBatches,
          input.shuffleRewards,
          input.context.seed,
          input.context.iteration,
        ],
        work: () =>
          whileAlive(async () => {
            const parts = await Promise.all(input.scored.map((ref) => ports.artifacts.getJson(ref)));
            const { seed, iteration } = input.context;
            const { miniBatches, metrics } = buildPolicyBatch((parts as ScoredGroup[][]).flat(), {
              algorithm: input.algorithm,
              miniBatches: input.miniBatches,
              ...(input.shuffleRewards ? { shuffleSeed: seedOf(seed, "shuffle-rewards", iteration) } : {}),
            });
            return {
              result: {
                batch: await ports.artifacts.putJson("batch", miniBatches),
                rows: miniBatches.reduce((sum, rows) => sum + rows.length, 0),
                metrics: { ...metrics },
              },
            };
          }),
      }),
  };
}

/** A seeded draw that keeps the rows' order. */
function drawRows(rows: readonly PrefixRow[], most: number | null, context: StepContext): PrefixRow[] {
  if (most === null || rows.length <= most) return [...rows];
  const random = seededRandom(seedOf(context.seed, context.stage, context.iteration, "prefix-rows"));
  const kept = new Set(random.shuffle(rows.map((_, i) => i)).slice(0, most));
  return rows.filter((_, i) => kept.has(i));
}
