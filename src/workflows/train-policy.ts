/**
 * `trainPolicy`: rollout -> score -> update, iteration by iteration; with `algorithm: "sft"` the cold start, whose
 * iterations are slices of the golden trajectories. Each iteration's update is committed before the next begins.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineUpdate,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import type { TrainingJob as PreparedTraining } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { UpdatedPolicy } from "../activities/updates.ts";
import { type HyperparameterChange, validateChange } from "../core/experiment/hyperparameters.ts";
import type { ReinforcementSettings, SupervisedSettings, TrainInput } from "../core/experiment/input.ts";
import type { JsonObject } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl } from "./control.ts";
import { inWindow, runChild, shardWindow } from "./fan-out.ts";
import { messages, searchAttributes } from "./names.ts";
import { cpu, sample, train } from "./proxies.ts";
import { rollOut } from "./roll-out.ts";

export interface TrainResult {
  /** Whose lineage holds the updates; another run's where the stage was cached. */
  readonly run: string;
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string | null;
  readonly optimizerSha256: string | null;
  readonly iterations: number;
  /** An operator stopped it early or changed hyper-parameters: not what its input alone would give. */
  readonly altered: boolean;
  /** The branch of the lineage that the newest update is on. */
  readonly branch: number;
}

/** The job once its environments are there. */
interface TrainingJob extends PreparedTraining {
  readonly environments: ArtifactRef;
  readonly iterations: number;
}

/** What one execution hands to the next: histories stay short, however long the training. */
interface Carried {
  readonly job: TrainingJob;
  readonly iteration: number;
  readonly branch: number;
  readonly changed: boolean;
  readonly latest: Pick<UpdatedPolicy, "checkpoint" | "weightsSha256" | "optimizerSha256"> | null;
}

/** Iterations of one execution; each has some tens of events. */
const iterationsPerExecution = 10;
/** Prefix rows sampled and scored by one pair of activities: bounds what a crash repeats. */
const rowsPerActivity = 8;

export const changeHyperparameters = defineUpdate<HyperparameterChange, [HyperparameterChange]>(
  messages.changeHyperparameters,
);

export async function trainPolicy(input: TrainInput, carried?: Carried): Promise<TrainResult> {
  const control = installControl();
  let change: HyperparameterChange = {};
  setHandler(changeHyperparameters, (wanted) => (change = { ...change, ...wanted }), {
    validator: validateChange,
  });

  let job = carried?.job ?? (await control.orPark(() => prepare(input)));
  let latest = carried?.latest ?? null;
  let branch = carried?.branch ?? 0;
  upsertSearchAttributes([
    { key: searchAttributes.run, value: job.run },
    { key: searchAttributes.stage, value: job.stage },
    { key: searchAttributes.policy, value: job.policyName },
  ]);
  const first = carried?.iteration ?? 1;
  let changed = carried?.changed ?? false;
  let done = first - 1;
  for (let iteration = first; iteration <= job.iterations; iteration++) {
    await control.gate();
    if (control.stopping) break;
    changed ||= Object.keys(change).length > 0;
    done = iteration;
    if (iteration > first && shouldContinueAsNew(iteration - first)) {
      await condition(allHandlersFinished);
      job = { ...job, training: { ...job.training, ...change } as TrainingJob["training"] };
      await continueAsNew<typeof trainPolicy>(input, { job, iteration, branch, latest, changed });
    }
    job = { ...job, training: { ...job.training, ...change } as TrainingJob["training"] };
    const current = job;
    const parent = latest?.checkpoint ?? job.policy;
    // A stage begins with fresh moments: its parent's are of another objective.
    const at = { iteration, branch, fresh: latest === null };
    const updated = await control.orPark(() => runIteration(current, parent, at));
    if (updated === null) continue;
    latest = updated;
    branch = updated.branch;
    showIteration(control, job, iteration, updated);
    await cpu.collectGarbage([job.policy.hash, updated.checkpoint.hash]);
  }
  return finish(job, {
    run: job.run,
    checkpoint: latest?.checkpoint ?? job.policy,
    weightsSha256: latest?.weightsSha256 ?? null,
    optimizerSha256: latest?.optimizerSha256 ?? null,
    iterations: done,
    altered: changed || done < job.iterations,
    branch,
  });
}

async function prepare(input: TrainInput): Promise<TrainingJob> {
  const job = await cpu.prepareTraining(input);
  const { run, stage, seed, training } = job;
  const environments = job.environments ?? (await buildMissing(job));
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const iterations =
    training.algorithm === "sft"
      ? await cpu.countGoldenUpdates({
          context,
          policy: job.policy,
          environments,
          training: sliceOf(training),
        })
      : training.iterations;
  return { ...job, environments, iterations };
}

const shouldContinueAsNew = (done: number) =>
  done >= iterationsPerExecution || workflowInfo().continueAsNewSuggested;

/** Null where an iteration had nothing to learn from: no group's rewards differed. */
async function runIteration(
  job: TrainingJob,
  parent: ArtifactRef,
  at: { readonly iteration: number; readonly branch: number; readonly fresh: boolean },
): Promise<(UpdatedPolicy & { reward: number | null }) | null> {
  const { iteration, branch } = at;
  const context: StepContext = { run: job.run, stage: job.stage, seed: job.seed, iteration, branch };
  const { training } = job;
  const optimizer = {
    learningRate: training.learningRate,
    weightDecay: training.weightDecay,
    beta1: training.beta1,
    beta2: training.beta2,
    epsilon: training.epsilon,
    maxGradientNorm: training.maxGradientNorm,
  };
  const progress = { done: at.iteration, total: job.iterations, unit: "iterations" };
  if (training.algorithm === "sft") {
    const batch = await cpu.assembleGoldenBatch.executeWithOptions({ summary: "golden trajectories" }, [
      { context, policy: job.policy, environments: job.environments, training: sliceOf(training) },
    ]);
    const updated = await train.updatePolicy.executeWithOptions(
      { summary: `iteration ${at.iteration}: update` },
      [
        {
          context: { ...context, progress },
          parent,
          reference: null,
          batch,
          loss: { kind: "sft" },
          optimizer,
          packTokens: training.packTokens,
          carryOptimizer: !at.fresh,
          batchMetrics: {},
        },
      ],
    );
    return { ...updated, reward: null };
  }
  const { batch, rows, metrics } = await collectBatch(job, training, parent, context);
  const reward = Number(metrics.rewardMean);
  if (rows === 0) {
    await cpu.recordProgress({ context, progress: { ...progress, note: `${noteOf(metrics)}; no update` } });
    return null;
  }
  const updated = await train.updatePolicy.executeWithOptions(
    { summary: `iteration ${at.iteration}: update` },
    [
      {
        context: { ...context, progress: { ...progress, note: noteOf(metrics) } },
        parent,
        reference: training.klCoefficient > 0 ? job.policy : null,
        batch,
        loss: {
          kind: "policy-gradient",
          clipLow: training.clipLow,
          clipHigh: training.clipHigh,
          clipDual: training.clipDual,
          klCoefficient: training.klCoefficient,
          entropyCoefficient: training.entropyCoefficient,
        },
        optimizer,
        packTokens: training.packTokens,
        carryOptimizer: training.carryOptimizer && !at.fresh,
        batchMetrics: metrics,
      },
    ],
  );
  return { ...updated, reward };
}

/** Only what decides the batch is an input of it: another learning rate must not rebuild the same data. */
const sliceOf = ({ epochs, maxTrajectories, batchSize, stepsPerUpdate }: SupervisedSettings) => ({
  epochs,
  ...(maxTrajectories === undefined ? {} : { maxTrajectories }),
  batchSize,
  stepsPerUpdate,
});

/** Trajectories -> turn-prefixes -> n responses each -> rewards -> advantages: FTRL's turn mode. */
async function collectBatch(
  job: TrainingJob,
  training: ReinforcementSettings,
  policy: ArtifactRef,
  context: StepContext,
) {
  const { environments } = job;
  const { sampling, reward, maxTurns } = training;
  const shards = await cpu.planIteration({
    context,
    environments,
    count: training.environmentsPerIteration,
    shardSize: training.shardSize,
  });
  const rolled = await inWindow(shards, shardWindow, (members, shard) =>
    runChild(
      rollOut,
      {
        start: { context, policy, environments, members, maxResponseTokens: sampling.maxResponseTokens },
        sampling,
        reward,
        maxTurns,
      },
      {
        workflowId: `${workflowInfo().workflowId}.i${context.iteration}.s${shard}`,
        summary: `iteration ${context.iteration}, shard ${shard}: ${members.length} trajectories`,
      },
    ),
  );
  const { rows, count, metrics } = await cpu.collectPrefixes({
    context,
    environments,
    shards: rolled.map(({ shard }) => shard),
    maxPrefixRows: training.maxPrefixRows ?? null,
  });
  const slices = Array.from({ length: Math.ceil(count / rowsPerActivity) }, (_, i) => i * rowsPerActivity);
  const scored = await inWindow(slices, shardWindow, async (from) => {
    const responses = await sample.sampleResponses.executeWithOptions(
      {
        summary: `rows ${from}-${Math.min(from + rowsPerActivity, count) - 1}: ${training.samplesPerPrefix} responses each`,
      },
      [
        {
          context,
          policy,
          rows,
          from,
          count: rowsPerActivity,
          samplesPerPrefix: training.samplesPerPrefix,
          sampling,
        },
      ],
    );
    return cpu.scoreResponses({ context, policy, environments, rows, from, responses, reward });
  });
  const assembled = await cpu.assembleBatch({
    context,
    scored,
    algorithm: training.algorithm,
    miniBatches: training.miniBatches,
    shuffleRewards: training.shuffleRewards,
  });
  return { ...assembled, metrics: { ...metrics, ...assembled.metrics } };
}

function noteOf(metrics: JsonObject): string {
  const share = 1 - Number(metrics.zeroVarianceShare);
  return `reward ${Number(metrics.rewardMean).toFixed(3)}, ${(100 * share).toFixed(0)} % of groups differ`;
}

function showIteration(
  control: Control,
  job: TrainingJob,
  iteration: number,
  updated: UpdatedPolicy & { readonly reward: number | null },
) {
  upsertSearchAttributes([
    { key: searchAttributes.iteration, value: iteration },
    ...(updated.reward === null ? [] : [{ key: searchAttributes.reward, value: updated.reward }]),
  ]);
  upsertMemo({ weightsSha256: updated.weightsSha256 });
  const { loss, kl, entropy, gradientNorm } = updated.metrics;
  const reward = updated.reward === null ? "" : updated.reward.toFixed(3);
  control.describe(
    `| iteration | reward | loss | KL | entropy | gradient norm | weights |\n|---|---|---|---|---|---|---|\n| ${iteration} of ${job.iterations} | ${reward} | ${loss.toFixed(4)} | ${kl.toFixed(4)} | ${entropy.toFixed(3)} | ${gradientNorm.toFixed(3)} | ${updated.weightsSha256.slice(0, 12)} |`,
  );
}
