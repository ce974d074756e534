/** One iteration of `trainPolicy`: a batch, golden or earned, and the update that uses it; each activity committed once. */
import { workflowInfo } from "@temporalio/workflow";
import type { TrainingJob as PreparedTraining } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { UpdatedPolicy } from "../activities/updates.ts";
import type { ReinforcementSettings, SupervisedSettings } from "../core/experiment/input.ts";
import type { JsonObject } from "../core/json.ts";
import { branchOf, type Course } from "../core/learning/course.ts";
import { judgeReward } from "../core/learning/tripwires.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { Control } from "./control.ts";
import { divergedFailure } from "./failures.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { cpu, train } from "./proxies.ts";
import { rollOut } from "./roll-out.ts";
import { summaries } from "./summaries.ts";

/** The job once its environments are there. */
export interface TrainingJob extends PreparedTraining {
  readonly environments: ArtifactRef;
  readonly iterations: number;
}

/** Null where an iteration had nothing to learn from: no group's rewards differed. Throws `Diverged` where a tripwire trips. */
export async function runIteration(
  control: Control,
  job: TrainingJob,
  at: Course,
): Promise<(UpdatedPolicy & { reward: number | null }) | null> {
  const { iteration, branch, recent, latest } = at;
  // A stage begins with fresh moments: its parent's are of another objective.
  const isFresh = latest === null;
  const parent = latest?.checkpoint ?? job.policy;
  const context: StepContext = { run: job.run, stage: job.stage, seed: job.seed, iteration, branch };
  const { training } = job;
  const guard = { tripwires: training.tripwires, recent };
  const optimizer = {
    learningRate: training.learningRate,
    weightDecay: training.weightDecay,
    beta1: training.beta1,
    beta2: training.beta2,
    epsilon: training.epsilon,
    maxGradientNorm: training.maxGradientNorm,
    schedule: training.schedule,
  };
  const { packTokens, activations } = training;
  const lora = training.lora && { ...training.lora, seed: job.seed };
  const common = { parent, optimizer, packTokens, activations, lora, guard };
  const progress = { done: at.iteration, total: job.iterations, unit: "iterations" };
  if (training.algorithm === "sft") {
    const batch = await cpu.assembleGoldenBatch.executeWithOptions(
      { summary: `${training.trajectories ? "sampled" : "golden"} trajectories` },
      [{ context, policy: job.policy, environments: job.environments, training: sliceOf(training) }],
    );
    const updated = await train.updatePolicy.executeWithOptions(
      { summary: `iteration ${at.iteration}: update` },
      [
        {
          ...common,
          context: { ...context, progress },
          reference: null,
          batch,
          loss: { kind: "sft" },
          carryOptimizer: !isFresh,
          batchMetrics: {},
        },
      ],
    );
    return { ...updated, reward: null };
  }
  const { batch, rows, metrics } = await collectBatch(control, job, training, parent, context);
  const reward = Number(metrics.rewardMean);
  const trip = judgeReward(reward, training.tripwires, recent);
  if (trip !== null) throw divergedFailure(trip);
  if (rows === 0) {
    const noted = { ...progress, note: `${noteOf(metrics)}; no update`, ...branchOf(at) };
    await cpu.recordProgress.executeWithOptions({ summary: summaries.progress(noted) }, [
      { context, progress: noted },
    ]);
    return null;
  }
  await control.gate();
  const updated = await train.updatePolicy.executeWithOptions(
    { summary: `iteration ${at.iteration}: update` },
    [
      {
        ...common,
        context: { ...context, progress: { ...progress, note: noteOf(metrics) } },
        reference: training.klCoefficient > 0 ? job.policy : null,
        batch,
        loss: {
          kind: "policy-gradient",
          clipLow: training.clipLow,
          clipHigh: training.clipHigh,
          clipDual: training.clipDual,
          klCoefficient: training.klCoefficient,
          entropyCoefficient: training.entropyCoefficient,
          temperature: training.sampling.temperature,
        },
        carryOptimizer: training.carryOptimizer && !isFresh,
        batchMetrics: metrics,
      },
    ],
  );
  return { ...updated, reward };
}

/** Only what decides the batch is an input of it: another learning rate must not rebuild the same data. */
export const sliceOf = ({
  trajectories,
  epochs,
  maxTrajectories,
  batchSize,
  stepsPerUpdate,
}: SupervisedSettings) => ({
  ...(trajectories === undefined ? {} : { trajectories }),
  epochs,
  ...(maxTrajectories === undefined ? {} : { maxTrajectories }),
  batchSize,
  stepsPerUpdate,
});

/** Trajectories, with n judged responses at each of their turn-prefixes -> advantages: FTRL's turn mode. */
async function collectBatch(
  control: Control,
  job: TrainingJob,
  training: ReinforcementSettings,
  policy: ArtifactRef,
  context: StepContext,
) {
  const { environments } = job;
  const { sampling, reward, maxTurns, shardSize } = training;
  const total = training.environmentsPerIteration;
  const starts = Array.from({ length: Math.ceil(total / shardSize) }, (_, i) => i * shardSize);
  const rolled = await inWindow(starts, training.shardsInFlight, (from, shard) =>
    runChild(
      control,
      rollOut,
      {
        start: {
          context,
          policy,
          environments,
          members: { total, from, count: Math.min(shardSize, total - from) },
          maxResponseTokens: sampling.maxResponseTokens,
        },
        samplesPerPrefix: training.samplesPerPrefix,
        sampling,
        reward,
        maxTurns,
      },
      {
        workflowId: `${workflowInfo().workflowId}.i${context.iteration}.s${shard}`,
        summary: `iteration ${context.iteration}, shard ${shard}: ${Math.min(shardSize, total - from)} trajectories`,
      },
    ),
  );
  return cpu.assembleBatch.executeWithOptions(
    { summary: `iteration ${context.iteration}: rewards, advantages and batch` },
    [
      {
        context,
        environments,
        shards: rolled.map(({ shard }) => shard),
        algorithm: training.algorithm,
        miniBatches: training.miniBatches,
        shuffleRewards: training.shuffleRewards,
      },
    ],
  );
}

function noteOf(metrics: JsonObject): string {
  const share = 1 - Number(metrics.zeroVarianceShare);
  return `reward ${Number(metrics.rewardMean).toFixed(3)}, ${(100 * share).toFixed(0)} % of groups differ`;
}
