import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { experimentInputSchema, trainInputSchema } from "./input.ts";
import { parseInput, parseRunInput } from "./parse.ts";
import { planStages } from "./plan.ts";

const next =
  "\ncorrect the field and start again; docs/inputs.md lists every field with its default and limits";

describe("the shards of a training's iteration", () => {
  const train = (environmentsPerIteration: number, shardSize: number) => ({
    ...{ id: "t", seed: 1, policy: "tiny", environments: "0".repeat(64) },
    training: {
      ...{ algorithm: "grpo", iterations: 1, learningRate: 1e-5 },
      ...{ environmentsPerIteration, shardSize },
    },
  });

  it("are at most 4000: with more its history would be too long for Temporal", () => {
    expect(() => parseInput(trainInputSchema, train(64_000, 16), "trainPolicy")).not.toThrow();
    expect(() => parseInput(trainInputSchema, train(64_001, 16), "trainPolicy")).toThrow(
      `trainPolicy: field 'training.shardSize' = 16: makes 4001 shards an iteration, and 4000 is the most whose events one history in Temporal has room for; raise it, or lower environmentsPerIteration${next}`,
    );
  });

  it("are no reason to refuse a run that was accepted with them before", () => {
    const input = train(65_536, 1);
    expect(() => parseRunInput(trainInputSchema, input, "trainPolicy", input)).not.toThrow();
  });
});

describe("the shards of an experiment's evaluations", () => {
  const tiny = JSON.parse(
    readFileSync(new URL("../../../temporal/examples/tiny.json", import.meta.url), "utf8"),
  );
  /** Its three evaluations, each in as many environments. */
  const evaluating = (environments: number, shardSizes: readonly number[]) => {
    const input = parseInput(experimentInputSchema, tiny, "experiment");
    const built = input.stages["test-environments"] as { environments: { scenarios: object } };
    built.environments.scenarios = { single_hop: environments / 2, multi_hop: environments / 2 };
    for (const [index, id] of ["before", "after-cold-start", "after-rl"].entries())
      (input.stages[id] as { evaluation: { shardSize: number } }).evaluation.shardSize = shardSizes[index]!;
    return input;
  };

  it("are at most 18000 together: with more its results would be too large for Temporal", () => {
    expect(() => planStages(evaluating(12_000, [2, 2, 2]))).not.toThrow();
    expect(() => planStages(evaluating(12_002, [2, 1, 2]))).toThrow(
      "experiment 'tiny': field 'stages.after-cold-start.evaluation.shardSize' = 1: makes 12002 of 24004 shards, and 18000 is the most whose references one message of Temporal has room for; raise it, or sample in fewer environments",
    );
  });
});
