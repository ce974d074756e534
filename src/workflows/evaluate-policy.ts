/** `evaluatePolicy`: the policy acts in every environment of a held-out set, greedily unless asked otherwise. */
import { allHandlersFinished, condition, upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import type { EvaluationResult } from "../activities/evaluation.ts";
import type { EvaluationJob } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { EvaluateInput } from "../core/experiment/input.ts";
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

/** What one execution hands to the next: histories stay short, however many environments there are. */
interface Carried {
  readonly job: EvaluationJob;
  readonly environments: ArtifactRef;
  readonly total: number;
  /** Those that are done, in order. */
  readonly shards: readonly ArtifactRef[];
  readonly steered: Steered;
}

export function evaluatePolicy(input: EvaluateInput, carried?: Carried): Promise<EvaluationResult> {
  const control = installControl(carried?.steered);
  return control.toItsEnd(recordingStop(input, evaluate(control, input, carried)));
}

async function evaluate(
  control: Control,
  input: EvaluateInput,
  carried?: Carried,
): Promise<EvaluationResult> {
  nameRun(input);
  const job =
    carried?.job ??
    (await control.orPark(() =>
      cpu.prepareEvaluation.executeWithOptions({ summary: summaries.prepare }, [input]),
    ));
  const { run, stage, seed, policy, evaluation } = job;
  upsertSearchAttributes([
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.policy, value: job.policyName },
  ]);
  const environments = carried?.environments ?? job.environments ?? (await buildMissing(control, job));
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const total =
    carried?.total ??
    (await control.orPark(() =>
      cpu.countEnvironments.executeWithOptions({ summary: summaries.count }, [environments]),
    ));
  const { sampling, maxTurns, shardSize, shardsInFlight } = evaluation;
  const starts = Array.from({ length: Math.ceil(total / shardSize) }, (_, i) => i * shardSize);
  const before = carried?.shards ?? [];
  let done = before.length * shardSize;
  const roll = async (from: number, shard: number): Promise<ArtifactRef> => {
    await control.gate();
    const members = Array.from({ length: Math.min(shardSize, total - from) }, (_, i) => ({
      member: from + i,
      twin: 0,
    }));
    const rolled = await control.orPark(() =>
      runChild(
        control,
        rollOut,
        {
          start: { context, policy, environments, members, maxResponseTokens: sampling.maxResponseTokens },
          samplesPerPrefix: 1,
          sampling,
          reward: "solve-f1" as const,
          maxTurns,
        },
        {
          workflowId: `${workflowInfo().workflowId}.s${shard}`,
          summary: `environments ${from}-${from + members.length - 1}`,
        },
      ),
    );
    done += members.length;
    control.describe(`${done} of ${total} environments`);
    const progress = { done, total, unit: "environments" };
    await control.orPark(() =>
      cpu.recordProgress.executeWithOptions({ summary: summaries.progress(progress) }, [
        { context, progress },
      ]),
    );
    return rolled.shard;
  };
  const left = starts.slice(before.length);
  const rolled = await inWindow(
    left,
    shardsInFlight,
    (from, i) => roll(from, before.length + i),
    isHistoryLong,
  );
  const shards = [...before, ...rolled];
  if (shards.length < starts.length) {
    await condition(allHandlersFinished);
    const { steered } = control;
    await handOver<typeof evaluatePolicy>(input, { job, environments, total, shards, steered });
  }
  const result = await control.orPark(() =>
    cpu.scoreEvaluation.executeWithOptions({ summary: "Solve-P, Solve-R, Solve-F1 and answers" }, [
      { context, environments, shards },
    ]),
  );
  upsertSearchAttributes([{ key: searchAttributes.solveF1, value: result.summary.solveF1 }]);
  return finish(control, job, result);
}
