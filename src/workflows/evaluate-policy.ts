/** `evaluatePolicy`: the policy acts in every environment of a held-out set, greedily unless asked otherwise. */
import { allHandlersFinished, condition, upsertSearchAttributes } from "@temporalio/workflow";
import type { EvaluationResult } from "../activities/evaluation.ts";
import type { EvaluationJob } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { EvaluateInput } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { finish, nameRun, recordingStop } from "./alone.ts";
import { buildMissing } from "./build-environments.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { handOver } from "./hand-over.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { createRollProgress, rollOn, shardsOf } from "./roll-set.ts";
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
  const unit = "environments" as const;
  const before = carried?.shards ?? [];
  const done = Math.min(before.length * evaluation.shardSize, total);
  const progress = createRollProgress(control, context, { done, total, unit });
  const rolling = {
    control,
    context,
    policy,
    environments,
    count: total,
    settings: evaluation,
    unit,
    progress,
  };
  const shards = [...before, ...(await rollOn(rolling, 1, before.length))];
  if (shards.length < shardsOf(rolling, 1)) {
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
