import { MockActivityEnvironment } from "@temporalio/testing";
import { expect, it } from "vitest";
import type { EvaluatedEnvironment } from "../core/evaluation/metrics.ts";
import type { ReportData } from "../core/report/data.ts";
import type { CpuPorts } from "./ports.ts";
import { createReportActivities } from "./reports.ts";

const environments = { split: "test", profile: "compact", scenarios: { single_hop: 1 } };
const stages = {
  "z-cold-start": { type: "train", title: "cold start", policy: "initial", environments: "set" },
  "a-rl": { type: "train", title: "RL", policy: "z-cold-start", environments: "set" },
  "side-rl": { type: "train", title: "beside it", policy: "z-cold-start", environments: "set" },
  set: { type: "build", title: "set", environments },
  "side-set": { type: "build", title: "beside it", environments },
  before: { type: "evaluate", title: "before", policy: "initial", environments: "set" },
  after: { type: "evaluate", title: "after", policy: "a-rl", environments: "set" },
  report: { type: "report", title: "report", evaluations: ["before", "after"] },
};
for (const stage of Object.values(stages))
  if (stage.type === "train") Object.assign(stage, { training: { algorithm: "grpo" } });
  else if (stage.type === "evaluate") Object.assign(stage, { evaluation: { shardSize: 1 } });

const outcome: EvaluatedEnvironment = {
  environment: "e",
  entity: "country:FR",
  scenario: "single_hop",
  calls: 1,
  solved: 1,
  subAnswers: 1,
  isAnswerRight: true,
};

/** The report of a run in which these stages are done. */
async function reported(...done: (keyof typeof stages)[]): Promise<ReportData> {
  const nothing = async () => [];
  let stored: unknown;
  const ports = {
    runs: {
      getRun: async () => ({ run: "mine", input: { id: "mine", seed: 1, policy: "tiny", stages } }),
      ...{ pinsOf: nothing, numericsChangesOf: nothing, changesOf: nothing, tripsOf: nothing },
      lineageOf: nothing,
    },
    environmentSet: async () => ({ environments: [], quarantined: [], tables: {} }),
    artifacts: {
      getJson: async () => [outcome],
      putJson: async (_kind: string, data: unknown) => {
        stored = data;
      },
    },
  } as unknown as CpuPorts;
  const results = {
    build: { set: { hash: "s" }, repaired: 0 },
    train: { run: "mine", branch: 0 },
    evaluate: { outcomes: {}, shards: [] },
  };
  const given = done.map((id) => [id, results[stages[id].type as keyof typeof results]] as const);
  const { writeReport } = createReportActivities(ports);
  await new MockActivityEnvironment().run(writeReport, {
    ...{ run: "mine", stage: "report", results: Object.fromEntries(given) },
  } as never);
  return stored as ReportData;
}

it("a report shows what its evaluations rest on, in the order it was done, whatever else is done by then", async () => {
  const needed = ["a-rl", "after", "before", "set", "z-cold-start"] as const;
  const report = await reported(...needed);
  expect(report.trainings.map(({ stage }) => stage)).toEqual(["z-cold-start", "a-rl"]);
  expect(report.sets.map(({ stage }) => stage)).toEqual(["set"]);
  expect(await reported(...needed, "side-rl", "side-set")).toEqual(report);
});
