/**
 * `calibrateEnvironments`: a policy acts several times in every environment, and is asked some times without its tools;
 * what came of it is stored beside the set, and the environments of the difficulty wanted make a set of their own.
 */
import { upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import type { CalibrationResult } from "../activities/calibration.ts";
import type { StepContext } from "../activities/step.ts";
import type { CalibrateInput } from "../core/experiment/calibration.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { rollOut } from "./roll-out.ts";
import { summaries } from "./summaries.ts";

export function calibrateEnvironments(input: CalibrateInput): Promise<CalibrationResult> {
  const control = installControl();
  return control.toItsEnd(calibrate(control, input));
}

async function calibrate(control: Control, input: CalibrateInput): Promise<CalibrationResult> {
  nameRun(input);
  const job = await control.orPark(() =>
    cpu.prepareCalibration.executeWithOptions({ summary: summaries.prepare }, [input]),
  );
  const { run, stage, seed, policy, policyName, calibration } = job;
  upsertSearchAttributes([
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.policy, value: policyName },
  ]);
  const environments = job.environments ?? (await buildMissing(control, job));
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const count = await control.orPark(() =>
    cpu.countEnvironments.executeWithOptions({ summary: summaries.count }, [environments]),
  );
  const { samples, blindSamples, sampling, maxTurns, shardSize, shardsInFlight } = calibration;
  const total = count * (samples + blindSamples);
  let done = 0;
  /** Every environment `each` times, in the set's order; one turn is all that a policy without tools needs. */
  const rolled = (each: number, blind: boolean): Promise<ArtifactRef[]> => {
    const starts = Array.from({ length: Math.ceil((count * each) / shardSize) }, (_, i) => i * shardSize);
    return inWindow(starts, shardsInFlight, async (from, shard) => {
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
      done += members.length;
      control.describe(`${done} of ${total} samples`);
      const progress = { done, total, unit: "samples" };
      await control.orPark(() =>
        cpu.recordProgress.executeWithOptions({ summary: summaries.progress(progress) }, [
          { context, progress },
        ]),
      );
      return state.shard;
    });
  };
  const shards = await rolled(samples, false);
  const blindShards = blindSamples === 0 ? [] : await rolled(blindSamples, true);
  const { difficulty, mostAnsweredBlind } = calibration;
  const keep = { difficulty, mostAnsweredBlind };
  const result = await control.orPark(() =>
    cpu.scoreCalibration.executeWithOptions({ summary: "pass@k, difficulty and what is kept" }, [
      { context, policy, policyName, environments, shards, blindShards, keep },
    ]),
  );
  return finish(control, job, result);
}
