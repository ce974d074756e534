/**
 * Turn mode, as FTRL trains: every turn-prefix of a sampled trajectory is a row, with its n responses and their one-turn
 * rewards; here they become the batch of an update.
 */
import { meanMetrics } from "../core/evaluation/metrics.ts";
import { evaluateTrajectory } from "../core/evaluation/trajectory.ts";
import type { ReinforcementSettings } from "../core/experiment/input.ts";
import { seedOf } from "../core/hash.ts";
import type { JsonObject } from "../core/json.ts";
import { buildPolicyBatch } from "../core/learning/batch.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { prefixGroups } from "../core/trajectory/prefix.ts";
import type { CpuPorts } from "./ports.ts";
import { trajectoriesOf } from "./shards.ts";
import { runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface AssembleBatch {
  readonly context: StepContext;
  readonly environments: ArtifactRef;
  readonly shards: readonly ArtifactRef[];
  readonly algorithm: ReinforcementSettings["algorithm"];
  readonly miniBatches: number;
  readonly shuffleRewards: boolean;
}

export interface AssembledBatch {
  readonly batch: ArtifactRef;
  readonly rows: number;
  /** Of the batch, and how the iteration's trajectories did at their sampling temperature. */
  readonly metrics: JsonObject;
}

export function createBatchActivities(ports: CpuPorts) {
  return {
    assembleBatch: (input: AssembleBatch): Promise<AssembledBatch> =>
      runStep(ports.ledger, {
        kind: "assemble-batch",
        version: stepVersions["assemble-batch"],
        context: input.context,
        inputs: [
          input.environments.hash,
          input.shards.map(({ hash }) => hash),
          input.algorithm,
          input.miniBatches,
          input.shuffleRewards,
          input.context.seed,
          input.context.iteration,
        ],
        work: () =>
          whileAlive(async () => {
            const trajectories = await trajectoriesOf(ports.artifacts, input.shards);
            const { environments } = await ports.environmentSet(input.environments);
            const { solveP, solveR, solveF1 } = meanMetrics(
              trajectories.map((trajectory) =>
                evaluateTrajectory(trajectory, environments[trajectory.member]!),
              ),
            );
            const { seed, iteration } = input.context;
            const { miniBatches, metrics } = buildPolicyBatch(trajectories.flatMap(prefixGroups), {
              algorithm: input.algorithm,
              miniBatches: input.miniBatches,
              ...(input.shuffleRewards ? { shuffleSeed: seedOf(seed, "shuffle-rewards", iteration) } : {}),
            });
            return {
              result: {
                batch: await ports.artifacts.putJson("batch", miniBatches),
                rows: miniBatches.reduce((sum, rows) => sum + rows.length, 0),
                metrics: { solveP, solveR, solveF1, ...metrics },
              },
            };
          }),
      }),
  };
}
