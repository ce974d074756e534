/**
 * Policy updates, on the device. The batch was committed before, so an update is a function of (parent state, batch,
 * hyper-parameters), and doing it again gives the same bytes.
 */
import type { JsonObject } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type {
  LossSettings,
  OptimizerSettings,
  TrainingRow,
  UpdateMetrics,
  UpdateResult,
} from "../core/ports/policy.ts";
import type { DevicePorts } from "./ports.ts";
import { runStep, type StepContext } from "./step.ts";

export interface UpdatePolicy {
  readonly context: StepContext;
  readonly parent: ArtifactRef;
  readonly reference: ArtifactRef | null;
  readonly batch: ArtifactRef;
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  readonly packTokens: number;
  readonly carryOptimizer: boolean;
  /** What the batch was made of, kept with the update: mean reward, share of zero-variance groups, ... */
  readonly batchMetrics: JsonObject;
}

export interface UpdatedPolicy {
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  readonly metrics: UpdateMetrics;
  readonly branch: number;
}

export function createUpdateActivities(ports: DevicePorts) {
  return {
    updatePolicy: (input: UpdatePolicy): Promise<UpdatedPolicy> =>
      runStep(ports.ledger, {
        kind: "update",
        version: 1,
        context: input.context,
        inputs: [
          input.parent.hash,
          input.reference?.hash ?? null,
          input.batch.hash,
          { ...input.loss },
          { ...input.optimizer },
          input.packTokens,
          input.carryOptimizer,
        ],
        work: async (key) => {
          const miniBatches = (await ports.artifacts.getJson(input.batch)) as TrainingRow[][];
          const updated = await ports.device((engine, onProgress, signal) =>
            engine.update(
              {
                parent: input.parent,
                ...(input.reference ? { reference: input.reference } : {}),
                miniBatches,
                loss: input.loss,
                optimizer: input.optimizer,
                packTokens: input.packTokens,
                carryOptimizer: input.carryOptimizer,
              },
              onProgress,
              signal,
            ),
          );
          return withLineage(input, key, updated);
        },
      }),
  };
}

/** The lineage row is written in the commit's own transaction: an update is known of exactly when it is done. */
function withLineage(input: UpdatePolicy, key: string, updated: UpdateResult) {
  const { run, stage, iteration } = input.context;
  const lineage = {
    run,
    stage,
    branch: input.context.branch,
    iteration,
    stepKey: key,
    parent: input.parent.hash,
    checkpoint: updated.checkpoint,
    weightsSha256: updated.weightsSha256,
    optimizerSha256: updated.optimizerSha256,
    metrics: { ...input.batchMetrics, ...updated.metrics },
  };
  return { result: { ...updated, branch: input.context.branch }, alongside: { lineage } };
}
