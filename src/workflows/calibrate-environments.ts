/**
 * `calibrateEnvironments`: a policy acts several times in every environment, and is asked some times without its tools;
 * what came of it is stored beside the set, and the environments of the difficulty wanted make a set of their own.
 */
import { allHandlersFinished, condition, upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import type { CalibrationResult } from "../activities/calibration.ts";
import type { CalibrationJob } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { CalibrateInput } from "../core/experiment/calibration.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun, recordingStop } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { handOver, isHistoryLong } from "./hand-over.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { rollOut } from "./roll-out.ts";
import { summaries } from "./summaries.ts";

/** What one execution hands to the next: histories stay short, however many samples there are. */
interface Carried {
  readonly job: CalibrationJob;
  readonly environments: ArtifactRef;
  readonly count: number;
  /** Those that are done, in order. */
  readonly shards: readonly ArtifactRef[];
  readonly blindShards: readonly ArtifactRef[];
  readonly steered: Steered;
}

export function calibrateEnvironments(input: CalibrateInput, carried?: Carried): Promise<CalibrationResult> {
  const control = installControl(carried?.steered);
  return control.toItsEnd(recordingStop(input, calibrate(control, input, carried)));
}

async function calibrate(
  control: Control,
  input: CalibrateInput,
  carried?: Carried,
): Promise<CalibrationResult> {
  nameRun(input);
  const job =
    carried?.job ??
    (await control.orPark(() =>
      cpu.prepareCalibration.executeWithOptions({ summary: summaries.prepare }, [input]),
    ));
  const { run, stage, seed, policy, policyName, calibration } = job;
  upsertSearchAttributes([
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.policy, value: policyName },
  ]);
  const environments = carried?.environments ?? job.environments ?? (await buildMissing(control, job));
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const count =
    carried?.count ??
    (await control.orPark(() =>
      cpu.countEnvironments.executeWithOptions({ summary: summaries.count }, [environments]),
    ));
  const { samples, blindSamples, shardSize } = calibration;
  const [shardsOf, blindShardsOf] = [samples, blindSamples].map((each) =>
    Math.ceil((count * each) / shardSize),
  ) as [number, number];
  let { shards = [], blindShards = [] }: Partial<Carried> = carried ?? {};
  const sampled = (made: readonly ArtifactRef[], each: number) =>
    Math.min(made.length * shardSize, count * each);
  const progress = createSampleProgress(control, context, {
    done: sampled(shards, samples) + sampled(blindShards, blindSamples),
    total: count * (samples + blindSamples),
  });
  const rolling = { control, job, environments, count, context, progress };
  shards = [...shards, ...(await rollOn(rolling, samples, shards.length, false))];
  if (shards.length === shardsOf && blindShardsOf > 0)
    blindShards = [...blindShards, ...(await rollOn(rolling, blindSamples, blindShards.length, true))];
  if (shards.length < shardsOf || blindShards.length < blindShardsOf) {
    await condition(allHandlersFinished);
    const { steered } = control;
    const next = { job, environments, count, shards, blindShards, steered };
    await handOver<typeof calibrateEnvironments>(input, next);
  }
  const { difficulty, mostAnsweredBlind } = calibration;
  const keep = { difficulty, mostAnsweredBlind };
  const result = await control.orPark(() =>
    cpu.scoreCalibration.executeWithOptions({ summary: "pass@k, difficulty and what is kept" }, [
      { context, policy, policyName, environments, shards, blindShards, keep },
    ]),
  );
  return finish(control, job, result);
}

interface Rolling {
  readonly control: Control;
  readonly job: CalibrationJob;
  readonly environments: ArtifactRef;
  readonly count: number;
  readonly context: StepContext;
  readonly progress: (samples: number) => Promise<void>;
}

/**
 * Every environment `each` times, in the set's order, after the shards that are done; one turn is all that a policy
 * without tools needs. Ends early where the history has become long.
 */
function rollOn(
  { control, job, environments, count, context, progress }: Rolling,
  each: number,
  before: number,
  blind: boolean,
): Promise<ArtifactRef[]> {
  const { policy, calibration } = job;
  const { sampling, maxTurns, shardSize, shardsInFlight } = calibration;
  const starts = Array.from({ length: Math.ceil((count * each) / shardSize) }, (_, i) => i * shardSize);
  const roll = async (from: number, shard: number): Promise<ArtifactRef> => {
    await control.gate();
    const members = Array.from({ length: Math.min(shardSize, count * each - from) }, (_, i) => ({
      member: Math.floor((from + i) / each),
      twin: (from + i) % each,
    }));
    const { maxResponseTokens } = sampling;
    const state = await control.orPark(() =>
      runChild(
        control,
        rollOut,
        {
          start: { context, policy, environments, members, maxResponseTokens, ...(blind ? { blind } : {}) },
          samplesPerPrefix: 1,
          sampling,
          reward: "solve-f1" as const,
          maxTurns: blind ? 1 : maxTurns,
        },
        {
          workflowId: `${workflowInfo().workflowId}.${blind ? "b" : "s"}${shard}`,
          summary: `samples ${from}-${from + members.length - 1}${blind ? " without tools" : ""}`,
        },
      ),
    );
    await progress(members.length);
    return state.shard;
  };
  const left = starts.slice(before);
  return inWindow(left, shardsInFlight, (from, i) => roll(from, before + i), isHistoryLong);
}

/** Shows and records how many samples there are, as they come. */
function createSampleProgress(
  control: Control,
  context: StepContext,
  { done: before, total }: { readonly done: number; readonly total: number },
): (samples: number) => Promise<void> {
  let done = before;
  return async (samples) => {
    done += samples;
    control.describe(`${done} of ${total} samples`);
    const progress = { done, total, unit: "samples" };
    await control.orPark(() =>
      cpu.recordProgress.executeWithOptions({ summary: summaries.progress(progress) }, [
        { context, progress },
      ]),
    );
  };
}
