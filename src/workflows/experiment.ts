/**
 * `experiment`: a declared DAG of stages. Each starts as soon as what it needs is there, independent ones side by side;
 * a stage whose inputs were computed before, by this run or another, is taken from there and shown as cached.
 */
import { CancellationScope, upsertSearchAttributes } from "@temporalio/workflow";
import type { EvaluationResult } from "../activities/evaluation.ts";
import type { Candidate, StageInput } from "../activities/experiments.ts";
import type { ExperimentInput, Stage } from "../core/experiment/input.ts";
import { initialPolicy, needsOf } from "../core/experiment/plan.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { buildEnvironments } from "./build-environments.ts";
import { type Control, installControl } from "./control.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { runChild } from "./fan-out.ts";
import { searchAttributes, stageWorkflowId } from "./names.ts";
import { cpu } from "./proxies.ts";
import { trainPolicy } from "./train-policy.ts";

type Results = ReadonlyMap<string, Json>;

export async function experiment(
  raw: ExperimentInput,
): Promise<{ readonly run: string; readonly report: ArtifactRef | null }> {
  const control = installControl();
  const { input, order } = await control.orPark(() => cpu.prepareExperiment(raw));
  upsertSearchAttributes([
    { key: searchAttributes.run, value: input.id },
    { key: searchAttributes.policy, value: input.policy },
  ]);
  const shown = new Map<string, string>(order.map((id) => [id, "waiting"]));
  const show = (id: string, state: string) => {
    shown.set(id, state);
    control.describe(
      `| stage | state |\n|---|---|\n${[...shown].map(([stage, is]) => `| ${input.stages[stage]!.title} | ${is} |`).join("\n")}`,
    );
  };
  const initial = control.orPark(() => cpu.resolvePolicy(input.policy));
  const results = new Map<string, Json>();
  const running = new Map<string, Promise<void>>();
  try {
    for (const id of order) {
      const stage = input.stages[id]!;
      running.set(
        id,
        (async () => {
          await Promise.all(needsOf(stage).map((need) => running.get(need)));
          await control.gate();
          show(id, "running");
          const outcome = await runStage(control, input, id, stage, { results, initial: await initial });
          results.set(id, outcome.result);
          show(id, outcome.cached ? "cached" : "done");
        })(),
      );
    }
    await Promise.all(running.values());
  } catch (error) {
    await CancellationScope.nonCancellable(() => cpu.finishRun({ run: input.id, state: "failed" }));
    throw error;
  }
  await cpu.finishRun({ run: input.id, state: "done" });
  const report = order.find((id) => input.stages[id]!.type === "report");
  return {
    run: input.id,
    report: report ? (results.get(report) as unknown as { report: ArtifactRef }).report : null,
  };
}

async function runStage(
  control: Control,
  input: ExperimentInput,
  id: string,
  stage: Stage,
  from: { readonly results: Results; readonly initial: ArtifactRef },
): Promise<{ readonly result: Json; readonly cached: boolean }> {
  const stageInput = inputOf(input, id, stage, from);
  const begun = await control.orPark(() =>
    cpu.beginStage.executeWithOptions({ summary: stage.title }, [
      { run: input.id, stage: id, type: stage.type, input: stageInput },
    ]),
  );
  if (begun.cached !== null) return { result: begun.cached, cached: true };
  const result = (await control.orPark(() => perform(input.id, id, stage, stageInput))) as unknown as Json;
  await control.orPark(() =>
    cpu.finishStage({
      run: input.id,
      stage: id,
      type: stage.type,
      inputHash: isAltered(result) ? "" : begun.inputHash,
      result,
    }),
  );
  return { result, cached: false };
}

/** What the stage's own workflow takes: the very input a person could give it by hand. */
function inputOf(
  { id: run, seed, threads, stages }: ExperimentInput,
  id: string,
  stage: Stage,
  from: { readonly results: Results; readonly initial: ArtifactRef },
): StageInput {
  const checkpointOf = (name: string) =>
    name === initialPolicy
      ? from.initial
      : (from.results.get(name) as unknown as { checkpoint: ArtifactRef }).checkpoint;
  const policyOf = (name: string) => checkpointOf(name).hash;
  const setOf = (name: string) => (from.results.get(name) as unknown as { set: ArtifactRef }).set.hash;
  switch (stage.type) {
    case "build":
      return { type: "build", value: { id: run, stage: id, seed, environments: stage.environments } };
    case "train":
      return {
        type: "train",
        value: {
          id: run,
          stage: id,
          seed,
          threads,
          policy: policyOf(stage.policy),
          environments: setOf(stage.environments),
          training: stage.training,
        },
      };
    case "evaluate":
      return {
        type: "evaluate",
        value: {
          id: run,
          stage: id,
          seed,
          threads,
          policy: policyOf(stage.policy),
          environments: setOf(stage.environments),
          evaluation: stage.evaluation,
        },
      };
    case "select": {
      const candidates = stage.evaluations.map((evaluation) => {
        const evaluated = stages[evaluation]!;
        const policy = evaluated.type === "evaluate" ? evaluated.policy : initialPolicy;
        const { summary } = from.results.get(evaluation) as unknown as EvaluationResult;
        return { evaluation, checkpoint: checkpointOf(policy), solveF1: summary.solveF1 };
      });
      return { type: "select", value: { candidates } };
    }
    case "report":
      return {
        type: "report",
        value: {
          run,
          stage: id,
          results: Object.fromEntries([...from.results].sort(([a], [b]) => (a < b ? -1 : 1))),
        },
      };
  }
}

function perform(run: string, id: string, stage: Stage, input: StageInput): Promise<unknown> {
  const options = { workflowId: stageWorkflowId(run, id), summary: stage.title };
  switch (input.type) {
    case "build":
      return runChild(buildEnvironments, input.value, options);
    case "train":
      return runChild(trainPolicy, input.value, options);
    case "evaluate":
      return runChild(evaluatePolicy, input.value, options);
    case "select":
      return Promise.resolve(best(input.value.candidates));
    case "report":
      return cpu.writeReport.executeWithOptions({ summary: stage.title }, [input.value]);
  }
}

/** The first of the best. */
function best(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((chosen, candidate) => (candidate.solveF1 > chosen.solveF1 ? candidate : chosen));
}

/** What an operator changed on the way must not be taken for what the input gives. */
const isAltered = (result: Json) => (result as { altered?: boolean } | null)?.altered === true;
