/**
 * `experiment`: a declared DAG of stages. Each starts as soon as what it needs is there, independent ones side by side;
 * a stage whose inputs were computed before, by this run or another, is taken from there and shown as cached.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { EvaluationResult } from "../activities/evaluation.ts";
import type { Candidate, StageInput } from "../activities/experiments.ts";
import { initialPolicy } from "../core/experiment/identifier.ts";
import type { ExperimentInput, Stage } from "../core/experiment/input.ts";
import { evaluationSampledBy, needsOf } from "../core/experiment/plan.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { buildEnvironments } from "./build-environments.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { isStopped } from "./failures.ts";
import { runChild } from "./fan-out.ts";
import { handOver, isNewerBuildCurrent } from "./hand-over.ts";
import { searchAttributes, stageWorkflowId } from "./names.ts";
import { cpu } from "./proxies.ts";
import { summaries, summaryLength } from "./summaries.ts";
import { trainPolicy } from "./train-policy.ts";

type Results = ReadonlyMap<string, Json>;

/** What one execution hands to the next. */
interface Carried {
  readonly input: ExperimentInput;
  readonly order: readonly string[];
  /** Of the stages that are done. */
  readonly results: readonly (readonly [string, Json])[];
  readonly steered: Steered;
}

interface ExperimentResult {
  readonly run: string;
  /** `stopped` by an operator before every stage was done. */
  readonly state: "done" | "stopped";
  readonly report: ArtifactRef | null;
}

export function experiment(raw: ExperimentInput, carried?: Carried): Promise<ExperimentResult> {
  const control = installControl(carried?.steered);
  return control.toItsEnd(conduct(control, raw, carried), ({ state }) => state === "stopped");
}

async function conduct(control: Control, raw: ExperimentInput, carried?: Carried): Promise<ExperimentResult> {
  const { input, order } =
    carried ??
    (await control.orPark(() =>
      cpu.prepareExperiment.executeWithOptions({ summary: summaries.prepare }, [raw]),
    ));
  upsertSearchAttributes([
    { key: searchAttributes.run, value: input.id },
    { key: searchAttributes.policy, value: input.policy },
  ]);
  const results = new Map<string, Json>(carried?.results);
  let ended: "ended" | "handed over";
  try {
    ended = await runStages(control, input, order, results);
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      control.orPark(() =>
        cpu.finishRun.executeWithOptions({ summary: "record that it failed" }, [
          { run: input.id, state: "failed" },
        ]),
      ),
    );
    throw error;
  }
  if (ended === "handed over") {
    await condition(allHandlersFinished);
    const { steered } = control;
    await handOver<typeof experiment>(raw, { input, order, results: [...results], steered });
  }
  const state = results.size === order.length ? "done" : "stopped";
  await control.orPark(() =>
    cpu.finishRun.executeWithOptions({ summary: `record that it is ${state}` }, [{ run: input.id, state }]),
  );
  const report = order.find((id) => input.stages[id]!.type === "report" && results.has(id));
  return {
    run: input.id,
    state,
    report: report ? (results.get(report) as unknown as { report: ArtifactRef }).report : null,
  };
}

/**
 * Fills `results`; where an operator stops the run, with the stages that were done by then. Handed over where another
 * build became the current one, a stage ended and none is under way: children would end with this execution.
 */
async function runStages(
  control: Control,
  input: ExperimentInput,
  order: readonly string[],
  results: Map<string, Json>,
): Promise<"ended" | "handed over"> {
  const carried = results.size;
  let underWay = 0;
  let handedOver = false;
  const shown = new Map<string, string>(order.map((id) => [id, results.has(id) ? "done" : "waiting"]));
  const show = (id: string, state: string) => {
    shown.set(id, state);
    control.describe(
      `| stage | state |\n|---|---|\n${[...shown].map(([stage, is]) => `| ${input.stages[stage]!.title} | ${is} |`).join("\n")}`,
    );
  };
  const initial = control.orPark(() =>
    cpu.resolvePolicy.executeWithOptions({ summary: `the policy ${input.policy}`.slice(0, summaryLength) }, [
      { run: input.id, policy: input.policy },
    ]),
  );
  // Whoever needs it awaits it, and hears of its failure; a run that is stopped before that needs it no more.
  initial.catch(() => undefined);
  const perform = async (id: string): Promise<void> => {
    await control.gate();
    if (control.stopping || handedOver || results.has(id)) return;
    handedOver = underWay === 0 && results.size > carried && isNewerBuildCurrent();
    if (handedOver) return;
    show(id, "running");
    underWay += 1;
    const outcome = await runStage(control, input, id, input.stages[id]!, {
      results,
      initial: await initial,
    });
    underWay -= 1;
    if (outcome === "stopped") return show(id, "stopped");
    results.set(id, outcome.result);
    show(id, outcome.cached ? "cached" : "done");
  };
  const running = new Map<string, Promise<void>>();
  for (const id of order) {
    const needs = needsOf(input.stages[id]!).map((need) => running.get(need));
    running.set(
      id,
      Promise.all(needs)
        .then(() => perform(id))
        .catch((error: unknown) => {
          // Work that was parked when the run was stopped; the other stages still come to their ends.
          if (!(control.stopping && isStopped(error))) throw error;
          show(id, "stopped");
        }),
    );
  }
  await Promise.all(running.values());
  return handedOver ? "handed over" : "ended";
}

async function runStage(
  control: Control,
  input: ExperimentInput,
  id: string,
  stage: Stage,
  from: { readonly results: Results; readonly initial: ArtifactRef },
): Promise<{ readonly result: Json; readonly cached: boolean } | "stopped"> {
  const stageInput = inputOf(input, id, stage, from);
  const begun = await control.orPark(() =>
    cpu.beginStage.executeWithOptions({ summary: stage.title }, [
      { run: input.id, stage: id, type: stage.type, input: stageInput },
    ]),
  );
  if (begun.cached !== null) return { result: begun.cached, cached: true };
  const result = (await control.orPark(() =>
    perform(control, input.id, id, stage, stageInput),
  )) as unknown as Json;
  if (control.stopping && isCutShort(result)) return "stopped";
  await control.orPark(() =>
    cpu.finishStage.executeWithOptions(
      { summary: `${stage.title}: record its result`.slice(0, summaryLength) },
      [
        {
          run: input.id,
          stage: id,
          type: stage.type,
          inputHash: isAltered(result) ? "" : begun.inputHash,
          result,
        },
      ],
    ),
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
          training: trainingOf(run, stage, from.results),
          ...(stage.from && { from: stage.from }),
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

/** Sampled trajectories by content hash, so that the stage's cache goes by what was sampled. */
function trainingOf(run: string, stage: Extract<Stage, { type: "train" }>, results: Results) {
  const { training } = stage;
  const sampledBy = evaluationSampledBy(stage);
  if (sampledBy === undefined || training.algorithm !== "sft") return training;
  const { trajectories } = results.get(sampledBy) as unknown as EvaluationResult;
  const from = trajectories?.hash ?? `${run}/${sampledBy}`;
  return { ...training, trajectories: { ...training.trajectories!, from } };
}

function perform(
  control: Control,
  run: string,
  id: string,
  stage: Stage,
  input: StageInput,
): Promise<unknown> {
  const options = { workflowId: stageWorkflowId(run, id), summary: stage.title };
  switch (input.type) {
    case "build":
      return runChild(control, buildEnvironments, input.value, options);
    case "train":
      return runChild(control, trainPolicy, input.value, options);
    case "evaluate":
      return runChild(control, evaluatePolicy, input.value, options);
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

/** A training that was stopped by itself gives the later stages what it has; one that was stopped with its run does not. */
const isCutShort = (result: Json) => (result as { stopped?: boolean } | null)?.stopped === true;

/** What an operator changed on the way must not be taken for what the input gives. */
const isAltered = (result: Json) => (result as { altered?: boolean } | null)?.altered === true;
