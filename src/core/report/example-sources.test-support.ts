/** For tests: what a small experiment leaves behind, with hostile text in every place that a model or tool can fill. */
import type { Environment, EnvironmentSet, ScenarioType } from "../environment/environment.ts";
import { environmentHash } from "../environment/environment.ts";
import { experimentInputSchema } from "../experiment/input.ts";
import type { LineageRecord } from "../ports/runs.ts";
import type { Trajectory } from "../trajectory/trajectory.ts";
import type { EvaluationSource, ReportSources } from "./assemble.ts";

export const hostile = `</pre><script>alert("x")</script><img src=x onerror='y'>`;

const environment = (index: number, scenario: ScenarioType): Environment => ({
  format: "ratchet.environment.v1",
  scenario,
  profile: "compact",
  split: "test",
  entity: `country:C${index % 3}`,
  question: `Question ${index} ${hostile}?`,
  answer: hostile,
  composition: { kind: "answer", of: "q1" },
  subQuestions: [
    { id: "q1", question: "q", dependsOn: [], tool: "look", answer: "a", answerType: "string" },
    { id: "q2", question: "q", dependsOn: [], tool: "look", answer: "b", answerType: "string" },
  ],
  referenceCalls: [{ subQuestion: "q1", tool: "look", arguments: {} }],
  tools: [
    {
      document: {
        name: "look",
        description: "d",
        parameters: { type: "object", properties: {}, required: [] },
      },
      runtime: "javascript",
      code: "x",
      distractor: false,
    },
  ],
  complexity: [],
  lineage: { author: "knowledge", authorVersion: "1", seed: 1, sources: [] },
  gates: [
    { gate: "leak", version: 1, verdict: "pass", evidence: "" },
    { gate: "oracle", version: 1, verdict: "pass", evidence: "" },
  ],
});

const scenarios = ["single_hop", "single_hop", "multi_hop", "multi_hop", "parallel_multi_hop"] as const;
export const exampleEnvironments = scenarios.map((scenario, i) => environment(i, scenario));

const set: EnvironmentSet = {
  format: "ratchet.environment-set.v1",
  name: "test",
  environments: exampleEnvironments,
  tables: {},
  quarantined: [
    { question: hostile, gate: "leak", reason: hostile },
    { question: "Another?", gate: "garbage", reason: "garbage arguments gave the answer" },
  ],
};

/** `solved[i]` of the two sub-answers of environment i, by two calls, or none where none was solved. */
function evaluation(stage: string, solved: readonly number[]): EvaluationSource {
  return {
    stage,
    outcomes: exampleEnvironments.map((given, i) => ({
      environment: environmentHash(given),
      entity: given.entity,
      scenario: given.scenario,
      calls: solved[i]! > 0 ? 2 : 0,
      solved: solved[i]!,
      subAnswers: 2,
      isAnswerRight: solved[i] === 2,
    })),
    trajectories: exampleEnvironments.map((given, member): Trajectory => {
      const call = { tool: "look", arguments: { of: hostile }, output: hostile };
      const calls =
        solved[member]! > 0
          ? [
              { ...call, outcome: "returned" as const, solved: hostile },
              { ...call, outcome: "error" as const, arguments: null, solved: null },
            ]
          : [];
      return {
        member,
        environment: environmentHash(given),
        twin: 0,
        tokens: [],
        unsolved: {},
        state: "answered",
        turns: [
          {
            unsolved: {},
            from: 0,
            length: 1,
            logprobs: [],
            finish: "stop",
            text: hostile,
            calls,
            reward: 0.5,
            siblings: [],
          },
        ],
      };
    }),
  };
}

const update = (iteration: number): LineageRecord => ({
  run: "example",
  stage: "rl",
  branch: 0,
  iteration,
  stepKey: `step-${iteration}`,
  parent: `parent-${iteration}`.padEnd(64, "0"),
  checkpoint: { kind: "checkpoint", hash: `child-${iteration}`.padEnd(64, "0"), bytes: 1 },
  weightsSha256: `weights-${iteration}`.padEnd(64, "0"),
  optimizerSha256: `optimizer-${iteration}`.padEnd(64, "0"),
  metrics: { rewardMean: 0.25 * iteration, kl: 0.01, solveF1: 0.5, solveP: 0.6, solveR: 0.4, loss: 0.125 },
});

const evaluate = { type: "evaluate", title: "t", policy: "initial", environments: "test", evaluation: {} };

export const exampleSources: ReportSources = {
  input: experimentInputSchema.parse({
    id: "example",
    seed: 1,
    threads: 1,
    policy: "tiny",
    stages: {
      test: {
        type: "build",
        title: "build",
        environments: { split: "test", scenarios: { single_hop: 2, multi_hop: 2, parallel_multi_hop: 1 } },
      },
      before: { ...evaluate, title: `before ${hostile}` },
      rl: {
        type: "train",
        title: "RL",
        policy: "initial",
        environments: "test",
        training: { algorithm: "grpo", iterations: 2, learningRate: 1e-5 },
      },
      after: { ...evaluate, title: "after RL", policy: "rl" },
    },
  }),
  policy: "tiny",
  evaluations: [evaluation("before", [0, 0, 1, 2, 0]), evaluation("after", [2, 1, 2, 1, 0])],
  sets: [{ stage: "test", hash: "5e7".padEnd(64, "0"), set, repaired: 1 }],
  trainings: [
    {
      stage: "rl",
      updates: [update(1), update(2)],
      remarks: [`rl is forked from parent, after iteration 1: nothing changed ${hostile}`],
    },
  ],
};
