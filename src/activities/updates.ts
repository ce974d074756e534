/**
 * Policy updates, on the device. The batch was committed before, so an update is a function of (parent state, batch,
 * hyper-parameters), and doing it again gives the same bytes.
 */
import { RatchetError } from "../core/errors.ts";
import type { Tripwires } from "../core/experiment/tripwires.ts";
import type { JsonObject } from "../core/json.ts";
import { judgeUpdate, type RecentUpdate } from "../core/learning/tripwires.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { OptimizerSettings, TrainingRow, UpdateMetrics, UpdateResult } from "../core/ports/policy.ts";
import type { KnownUpdate, UpdateRecipe } from "../core/ports/runs.ts";
import { giveUpOrRetry } from "./failures.ts";
import type { DevicePorts } from "./ports.ts";
import { runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface UpdatePolicy extends UpdateRecipe {
  readonly context: StepContext;
  /** What the batch was made of, kept with the update: mean reward, share of zero-variance groups, ... */
  readonly batchMetrics: JsonObject;
  /** What the update must keep to be committed; it changes nothing about what is computed. */
  readonly guard: { readonly tripwires: Tripwires; readonly recent: readonly RecentUpdate[] };
}

export interface UpdatedPolicy {
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  readonly metrics: UpdateMetrics;
  readonly branch: number;
}

export function createUpdateActivities(ports: DevicePorts) {
  const apply = async (run: string, recipe: UpdateRecipe): Promise<UpdateResult> => {
    const miniBatches = (await ports.artifacts.getJson(recipe.batch)) as TrainingRow[][];
    return ports.device(run, (engine, onProgress, signal) =>
      engine.update(
        {
          parent: recipe.parent,
          ...(recipe.reference ? { reference: recipe.reference } : {}),
          miniBatches,
          loss: recipe.loss,
          optimizer: recipe.optimizer,
          packTokens: recipe.packTokens,
          activations: recipe.activations,
          carryOptimizer: recipe.carryOptimizer,
          lora: recipe.lora,
        },
        onProgress,
        signal,
      ),
    );
  };

  return {
    updatePolicy: (input: UpdatePolicy): Promise<UpdatedPolicy> =>
      runStep(ports.ledger, {
        kind: "update",
        version: stepVersions.update,
        context: input.context,
        inputs: [
          input.parent.hash,
          input.reference?.hash ?? null,
          input.batch.hash,
          { ...input.loss },
          optimizerInput(input.optimizer),
          input.packTokens,
          input.activations ?? null,
          input.carryOptimizer,
          ...(input.lora ? [{ ...input.lora }] : []),
        ],
        work: async (key) => {
          const updated = await apply(input.context.run, input);
          refuseDiverged(updated.metrics, input.guard);
          return withLineage(input, key, updated);
        },
      }),

    /** Writes a lost checkpoint again. The update is committed already, so nothing but its artifact changes. */
    restoreUpdate: async (known: KnownUpdate): Promise<void> => {
      const { checkpoint, recipe, run, stage, iteration, stepKey } = known;
      try {
        const again = (await apply(run, recipe)).checkpoint;
        if (again.hash !== checkpoint.hash)
          throw new RatchetError(
            "NumericsMismatch",
            `the update of ${run}, ${stage}, iteration ${iteration}, applied again, gives checkpoint ${again.hash} where ${checkpoint.hash} was recorded; use the version of Ratchet and the machine that made it, or restore its folder`,
            { expected: checkpoint.hash, found: again.hash },
          );
      } catch (error) {
        throw await whileAlive(() => giveUpOrRetry(ports.ledger, stepKey, error));
      }
    },
  };
}

const optimizerInput = ({ schedule, ...rates }: OptimizerSettings) => ({
  ...rates,
  ...(schedule && { schedule: { ...schedule } }),
});

/** What the engine made stays behind as an artifact that nothing names, until it is collected. */
function refuseDiverged(metrics: UpdateMetrics, { tripwires, recent }: UpdatePolicy["guard"]): void {
  const trip = judgeUpdate(metrics, tripwires, recent);
  if (trip !== null) throw new RatchetError("Diverged", trip.sentence, { ...trip });
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
  const { parent, reference, batch, loss, optimizer, packTokens, activations, carryOptimizer, lora } = input;
  const recipe = { parent, reference, batch, loss, optimizer, packTokens, activations, carryOptimizer, lora };
  return { result: { ...updated, branch: input.context.branch }, alongside: { lineage, recipe } };
}
