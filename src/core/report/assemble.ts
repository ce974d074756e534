/** From what an experiment's stages left to what its report shows. Pure; whoever calls it has read the artifacts. */
import { type EnvironmentSet, scenarioTypes } from "../environment/environment.ts";
import { compareEvaluations } from "../evaluation/comparison.ts";
import { type EvaluatedEnvironment, meanMetrics } from "../evaluation/metrics.ts";
import type { ExperimentInput } from "../experiment/input.ts";
import { seedOf } from "../hash.ts";
import type { LineageRecord } from "../ports/runs.ts";
import type { Trajectory } from "../trajectory/trajectory.ts";
import type { Benchmark, ReportData, ScenarioResults, SetReport, TrainingReport } from "./data.ts";
import { chooseSamples } from "./samples.ts";

export interface EvaluationSource {
  /** Stage id. */
  readonly stage: string;
  readonly outcomes: readonly EvaluatedEnvironment[];
  readonly trajectories: readonly Trajectory[];
}

export interface SetSource {
  readonly stage: string;
  readonly hash: string;
  readonly set: EnvironmentSet;
  /** Environments of it that passed the gates only after a repair. */
  readonly repaired: number;
}

export interface TrainingSource {
  readonly stage: string;
  readonly updates: readonly LineageRecord[];
  readonly remarks: readonly string[];
}

export interface ReportSources {
  readonly input: ExperimentInput;
  /** What the input's policy stands for in this run. */
  readonly policy: string;
  /** In the order the report compares them. */
  readonly evaluations: readonly EvaluationSource[];
  /** By build stage, in the order they ran. */
  readonly sets: readonly SetSource[];
  /** By train stage, in the order they ran. */
  readonly trainings: readonly TrainingSource[];
}

export function assembleReport({ input, policy, evaluations, sets, trainings }: ReportSources): ReportData {
  const titled = evaluations.map(({ stage, outcomes, trajectories }) => ({
    stage,
    title: input.stages[stage]?.title ?? stage,
    environments: outcomes,
    trajectories,
  }));
  return {
    format: "ratchet.report.v1",
    run: input.id,
    policy,
    benchmarks: benchmarksOf(input, evaluations),
    comparison: compareEvaluations(titled, seedOf(input.seed, "bootstrap")),
    scenarios: byScenario(evaluations),
    trainings: trainings.map((source) => trainingReport(input, source)),
    sets: sets.map((source) => setReport(input, source)),
    samples: chooseSamples(
      titled,
      sets.flatMap(({ set }) => set.environments),
    ),
    configuration: input,
  };
}

function benchmarksOf(input: ExperimentInput, evaluations: readonly EvaluationSource[]): Benchmark[] {
  const named = evaluations.map(({ stage, outcomes }) => {
    const declared = input.stages[stage];
    const set = declared?.type === "evaluate" ? input.stages[declared.environments] : undefined;
    return {
      name:
        set?.type === "build"
          ? `${set.environments.split} environments (${set.environments.profile})`
          : stage,
      environments: outcomes.length,
      entities: new Set(outcomes.map(({ entity }) => entity)).size,
    };
  });
  return named.filter(({ name }, i) => named.findIndex((other) => other.name === name) === i);
}

function byScenario(evaluations: readonly EvaluationSource[]): ScenarioResults[] {
  return scenarioTypes.flatMap((scenario) => {
    const groups = evaluations.map(({ outcomes }) =>
      outcomes.filter((outcome) => outcome.scenario === scenario),
    );
    const environments = groups[0]?.length ?? 0;
    return environments === 0 ? [] : [{ scenario, environments, means: groups.map(meanMetrics) }];
  });
}

function trainingReport(input: ExperimentInput, { stage, updates, remarks }: TrainingSource): TrainingReport {
  const declared = input.stages[stage];
  return {
    stage,
    title: declared?.title ?? stage,
    algorithm: declared?.type === "train" ? declared.training.algorithm : "sft",
    updates,
    remarks,
  };
}

/** Enough to see what goes wrong; the gates' counts say how often. */
const quarantinedShown = 12;

function setReport(input: ExperimentInput, { stage, hash, set, repaired }: SetSource): SetReport {
  const { environments, quarantined } = set;
  const names = [
    ...new Set([
      ...environments.flatMap(({ gates }) => gates.map(({ gate }) => gate)),
      ...quarantined.map(({ gate }) => gate),
    ]),
  ];
  return {
    stage,
    title: input.stages[stage]?.title ?? stage,
    hash,
    split: environments[0]?.split ?? "",
    profile: environments[0]?.profile ?? "",
    scenarios: scenarioTypes.flatMap((scenario) => {
      const accepted = environments.filter((environment) => environment.scenario === scenario).length;
      return accepted === 0 ? [] : [{ scenario, accepted }];
    }),
    repaired,
    gates: names.map((name) => ({
      gate: name,
      passed: environments.filter(({ gates }) =>
        gates.some(({ gate, verdict }) => gate === name && verdict === "pass"),
      ).length,
      quarantined: quarantined.filter(({ gate }) => gate === name).length,
    })),
    quarantined: quarantined.slice(0, quarantinedShown),
    quarantinedTotal: quarantined.length,
  };
}
