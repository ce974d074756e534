/** Everything a report shows, as plain JSON: the page is a function of this and of nothing else. */
import type { ScenarioType } from "../environment/environment.ts";
import type { ComparisonRow } from "../evaluation/comparison.ts";
import type { EvaluatedEnvironment, MetricValues } from "../evaluation/metrics.ts";
import type { ExperimentInput } from "../experiment/input.ts";
import type { LineageRecord } from "../ports/runs.ts";
import type { CallRecord } from "../trajectory/trajectory.ts";

export interface ReportData {
  readonly format: "ratchet.report.v1";
  readonly run: string;
  /** The policy the experiment started from. */
  readonly policy: string;
  /** What the policies were measured on. */
  readonly benchmarks: readonly Benchmark[];
  /** The evaluations in the order compared; the first is the baseline. */
  readonly comparison: readonly ComparisonRow[];
  readonly scenarios: readonly ScenarioResults[];
  readonly trainings: readonly TrainingReport[];
  readonly sets: readonly SetReport[];
  readonly samples: readonly SampleReport[];
  readonly configuration: ExperimentInput;
}

export interface Benchmark {
  readonly name: string;
  readonly environments: number;
  readonly entities: number;
}

/** Means of one scenario type's environments, one entry per evaluation. */
export interface ScenarioResults {
  readonly scenario: ScenarioType;
  readonly environments: number;
  readonly means: readonly MetricValues[];
}

export interface TrainingReport {
  readonly stage: string;
  readonly title: string;
  readonly algorithm: "sft" | "grpo" | "reinforce++";
  /** By iteration; their metrics give the curves. */
  readonly updates: readonly LineageRecord[];
  /** Sentences: what it was forked from and what differs, and which iterations a tripwire kept from being committed. */
  readonly remarks?: readonly string[];
}

export interface SetReport {
  readonly stage: string;
  readonly title: string;
  /** Content hash of the set. */
  readonly hash: string;
  readonly split: string;
  readonly profile: string;
  readonly scenarios: readonly { readonly scenario: ScenarioType; readonly accepted: number }[];
  /** Of the accepted: failed a gate first and passed all after a repair. */
  readonly repaired: number;
  /** How many environments each gate passed, and how many candidates it kept out. */
  readonly gates: readonly {
    readonly gate: string;
    readonly passed: number;
    readonly quarantined: number;
  }[];
  /** The first of them; `gates` counts all. */
  readonly quarantined: readonly {
    readonly question: string;
    readonly gate: string;
    readonly reason: string;
  }[];
  readonly quarantinedTotal: number;
}

/** One environment, and what each policy did in it, side by side. */
export interface SampleReport {
  readonly environment: string;
  readonly scenario: ScenarioType;
  readonly entity: string;
  readonly question: string;
  readonly answer: string;
  /** Why it is shown: "largest gain of its type", ... */
  readonly why: string;
  readonly sides: readonly SampleSide[];
}

export interface SampleSide {
  readonly title: string;
  readonly outcome: Pick<EvaluatedEnvironment, "calls" | "solved" | "subAnswers" | "isAnswerRight">;
  readonly solveF1: number;
  readonly turns: readonly {
    readonly text: string;
    readonly calls: readonly CallRecord[];
    /** One-turn reward. */
    readonly reward: number;
  }[];
  /** Why it ended: "answered", "turn_limit", ... */
  readonly state: string;
}
