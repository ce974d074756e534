/**
 * `trainPolicy`: rollout -> score -> update, iteration by iteration; with `algorithm: "sft"` the cold start, whose
 * iterations are slices of the golden trajectories. Each iteration's update is committed before the next begins.
 */
import { allHandlersFinished, condition, upsertMemo, upsertSearchAttributes } from "@temporalio/workflow";
import type { TrainingJob as Begun } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { UpdatedPolicy } from "../activities/updates.ts";
import type { TrainInput } from "../core/experiment/input.ts";
import { afterNothing, afterUpdate, type Course, courseFrom, type Reached } from "../core/learning/course.ts";
import type { Recalled } from "../core/learning/recalled.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun, recordingStop } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Changed, installChanges } from "./changes.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { isStopped } from "./failures.ts";
import { handOver, isHistoryLong, isNewerBuildCurrent } from "./hand-over.ts";
import { knownTrips } from "./known-trips.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { recoverAgain, recoverFrom } from "./recovery.ts";
import { summaries } from "./summaries.ts";
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
  readonly course: Course;
  readonly changed: Changed;
  readonly steered: Steered;
  /** Absent where an older build hands over. */
  readonly recalled?: Recalled;
}

/** Iterations of one execution; each has some tens of events. */
const iterationsPerExecution = 10;

export function trainPolicy(input: TrainInput, carried?: Carried): Promise<TrainResult> {
  const control = installControl(carried?.steered);
  return control.toItsEnd(recordingStop(input, train(control, input, carried)), ({ stopped }) => stopped);
}

async function train(control: Control, input: TrainInput, carried?: Carried): Promise<TrainResult> {
  let course = carried?.course ?? courseFrom({ iteration: 1, branch: 0, latest: null, recent: [] });
  let begun: Begun | undefined = carried?.job;
  const trips = knownTrips(carried?.recalled);
  let underWay = false;
  let last = carried?.job.iterations;
  const next = () =>
    begun && { ...begun, iteration: course.iteration + (underWay ? 1 : 0), ...(last && { last }) };
  const changes = installChanges(control, input, next, trips, carried?.changed);
  /** From here on changes can be recorded: building its environments may take long. */
  const begin = (started: Begun) => {
    if (started.start !== null) course = { ...course, ...started.start };
    changes.recall(started.changes);
    trips.recall(started.trips, started.settings);
    begun = started;
  };
  nameRun(input);
  const job = carried?.job ?? (await prepare(control, input, begin));
  last = job.iterations;
  showJob(job);
  /** One iteration; where a tripwire trips, what its recovery makes of the course instead. */
  const goOn = async () => {
    await changes.recorded();
    const known = trips.at(course, job);
    if (known !== undefined) {
      course = recoverAgain(control, job, course, known);
      return;
    }
    const { training, isRateNew } = changes.begin(course.iteration, job.training);
    // The rate that a person names is the one that is used.
    if (isRateNew) course = { ...course, learningRateScale: 1 };
    const tried = scaled({ ...job, training }, course.learningRateScale);
    underWay = true;
    try {
      course = await tryIteration(control, tried, course);
    } catch (error) {
      const recovery = await recoverFrom(control, tried, course, error);
      course = recovery.course;
      trips.met(recovery.tripId);
      if (recovery.parks !== null) throw recovery.parks;
    } finally {
      underWay = false;
    }
  };
  for (let round = 0; course.iteration <= job.iterations; round++) {
    await control.gate();
    if (control.stopping) break;
    if (round > 0 && shouldHandOver(round)) {
      await condition(allHandlersFinished);
      const { changed } = changes;
      const { recalled } = trips;
      await handOver<typeof trainPolicy>(input, { job, course, changed, steered: control.steered, recalled });
    }
    const before = course.latest;
    if ((await control.orPark(goOn).catch(unlessStopped)) === "stopped") break;
    if (course.latest === null || course.latest === before) continue;
    if ((await collect(control, job, course.latest).catch(unlessStopped)) === "stopped") break;
  }
  // Whoever asked for a change is told that it is kept, though it comes too late for this training.
  await condition(allHandlersFinished);
  const result = resultOf(job, course, changes.changed);
  return finish(control, job, result, result.stopped ? "stopped" : "done");
}

const showJob = ({ stage, policyName }: TrainingJob) =>
  upsertSearchAttributes([
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.policy, value: policyName },
  ]);

async function tryIteration(control: Control, tried: TrainingJob, course: Course): Promise<Course> {
  const updated = await runIteration(control, tried, course);
  if (updated === null) return afterNothing(course);
  showIteration(control, tried, course.iteration, updated);
  return afterUpdate(course, updated, tried.training.tripwires);
}

const collect = (control: Control, { policy }: TrainingJob, latest: Reached): Promise<void> =>
  control.orPark(() =>
    cpu.collectGarbage.executeWithOptions({ summary: "checkpoints that nobody needs" }, [
      [policy.hash, latest.checkpoint.hash],
    ]),
  );

function resultOf(job: TrainingJob, { iteration, branch, latest }: Course, { made }: Changed): TrainResult {
  const stopped = iteration <= job.iterations;
  const changed = made.some((change) => change.iteration < iteration);
  return {
    run: job.run,
    checkpoint: latest?.checkpoint ?? job.policy,
    weightsSha256: latest?.weightsSha256 ?? null,
    optimizerSha256: latest?.optimizerSha256 ?? null,
    iterations: iteration - 1,
    altered: changed || stopped,
    stopped,
    branch,
  };
}

const scaled = (job: TrainingJob, scale: number): TrainingJob => ({
  ...job,
  training: { ...job.training, learningRate: job.training.learningRate * scale },
});

/** What was committed before it parked is what a stopped training ends with. */
function unlessStopped(error: unknown): "stopped" {
  if (isStopped(error)) return "stopped";
  throw error;
}

async function prepare(
  control: Control,
  input: TrainInput,
  begin: (started: Begun) => void,
): Promise<TrainingJob> {
  const started = await control.orPark(() =>
    cpu.prepareTraining.executeWithOptions({ summary: summaries.prepare }, [input]),
  );
  begin(started);
  const { run, stage, seed, training, policy } = started;
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  return control.orPark(async () => {
    const environments = started.environments ?? (await buildMissing(control, started));
    const iterations =
      training.algorithm === "sft"
        ? await cpu.countGoldenUpdates.executeWithOptions({ summary: "golden trajectories, in batches" }, [
            { context, policy, environments, training: sliceOf(training) },
          ])
        : training.iterations;
    return { ...started, environments, iterations };
  });
}

const shouldHandOver = (done: number) =>
  done >= iterationsPerExecution || isHistoryLong() || isNewerBuildCurrent();

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
