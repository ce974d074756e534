/**
 * `calibrateEnvironments`: a policy acts several times in every environment, and is asked some times without its tools;
 * what came of it is stored beside the set, and the environments of the difficulty wanted make a set of their own.
 */
import { allHandlersFinished, condition, upsertSearchAttributes } from "@temporalio/workflow";
import type { CalibrationResult } from "../activities/calibration.ts";
import type { CalibrationJob } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { CalibrateInput } from "../core/experiment/calibration.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun, recordingStop } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { handOver } from "./hand-over.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { createRollProgress, rollOn, shardsOf } from "./roll-set.ts";
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
  let { shards = [], blindShards = [] }: Partial<Carried> = carried ?? {};
  const sampled = (made: readonly ArtifactRef[], each: number) =>
    Math.min(made.length * shardSize, count * each);
  const unit = "samples" as const;
  const progress = createRollProgress(control, context, {
    done: sampled(shards, samples) + sampled(blindShards, blindSamples),
    total: count * (samples + blindSamples),
    unit,
  });
  const rolling = { control, context, policy, environments, count, settings: calibration, unit, progress };
  const [wanted, blindWanted] = [shardsOf(rolling, samples), shardsOf(rolling, blindSamples)];
  shards = [...shards, ...(await rollOn(rolling, samples, shards.length))];
  if (shards.length === wanted && blindWanted > 0)
    blindShards = [...blindShards, ...(await rollOn(rolling, blindSamples, blindShards.length, true))];
  if (shards.length < wanted || blindShards.length < blindWanted) {
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
