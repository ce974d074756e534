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
import type { StepContext } from "../activities/step.ts";
import type { UpdatedPolicy } from "../activities/updates.ts";
import { type HyperparameterChange, validateChange } from "../core/experiment/hyperparameters.ts";
import type { TrainInput } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { isStopped } from "./failures.ts";
import { messages, searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { runIteration, sliceOf, type TrainingJob } from "./train-iteration.ts";

export interface TrainResult {
  /** Whose lineage holds the updates; another run's where the stage was cached. */
  readonly run: string;
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string | null;
  readonly optimizerSha256: string | null;
  readonly iterations: number;
  /** An operator stopped it early or changed hyper-parameters: not what its input alone would give. */
  readonly altered: boolean;
  /** An operator stopped it before its last iteration. */
  readonly stopped: boolean;
  /** The branch of the lineage that the newest update is on. */
  readonly branch: number;
}

/** What one execution hands to the next: histories stay short, however long the training. */
interface Carried {
  readonly job: TrainingJob;
  readonly iteration: number;
  readonly branch: number;
  readonly changed: boolean;
  readonly steered: Steered;
  readonly latest: Pick<UpdatedPolicy, "checkpoint" | "weightsSha256" | "optimizerSha256"> | null;
}

/** Iterations of one execution; each has some tens of events. */
const iterationsPerExecution = 10;

export const changeHyperparameters = defineUpdate<HyperparameterChange, [HyperparameterChange]>(
  messages.changeHyperparameters,
);

export async function trainPolicy(input: TrainInput, carried?: Carried): Promise<TrainResult> {
  const control = installControl(carried?.steered);
  let change: HyperparameterChange = {};
  setHandler(changeHyperparameters, (wanted) => (change = { ...change, ...wanted }), {
    validator: (wanted) => validateChange(wanted, input.training.algorithm),
  });

  nameRun(input);
  let job = carried?.job ?? (await control.orPark(() => prepare(control, input)));
  let latest = carried?.latest ?? null;
  let branch = carried?.branch ?? 0;
  upsertSearchAttributes([
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
    if (iteration > first && shouldContinueAsNew(iteration - first)) {
      await condition(allHandlersFinished);
      job = { ...job, training: { ...job.training, ...change } as TrainingJob["training"] };
      await continueAsNew<typeof trainPolicy>(input, {
        job,
        iteration,
        branch,
        latest,
        changed,
        steered: control.steered,
      });
    }
    job = { ...job, training: { ...job.training, ...change } as TrainingJob["training"] };
    const current = job;
    const parent = latest?.checkpoint ?? job.policy;
    // A stage begins with fresh moments: its parent's are of another objective.
    const at = { iteration, branch, fresh: latest === null };
    const ended = await control
      .orPark(() => runIteration(control, current, parent, at))
      .then((updated) => ({ updated }), unlessStopped);
    if (ended === "stopped") break;
    done = iteration;
    const { updated } = ended;
    if (updated === null) continue;
    latest = updated;
    branch = updated.branch;
    showIteration(control, job, iteration, updated);
    const keep = [job.policy.hash, updated.checkpoint.hash];
    await control.orPark(() => cpu.collectGarbage(keep));
  }
  const stopped = done < job.iterations;
  const result = {
    run: job.run,
    checkpoint: latest?.checkpoint ?? job.policy,
    weightsSha256: latest?.weightsSha256 ?? null,
    optimizerSha256: latest?.optimizerSha256 ?? null,
    iterations: done,
    altered: changed || stopped,
    stopped,
    branch,
  };
  return finish(control, job, result, stopped ? "stopped" : "done");
}

/** What was committed before it parked is what a stopped training ends with. */
function unlessStopped(error: unknown): "stopped" {
  if (isStopped(error)) return "stopped";
  throw error;
}

async function prepare(control: Control, input: TrainInput): Promise<TrainingJob> {
  const job = await cpu.prepareTraining(input);
  const { run, stage, seed, training } = job;
  const environments = job.environments ?? (await buildMissing(control, job));
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
