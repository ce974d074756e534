import { describe, expect, it } from "vitest";
import { trainInputSchema } from "./input.ts";
import { parseInput } from "./parse.ts";

const parsed = (training: object) =>
  parseInput(
    trainInputSchema,
    {
      id: "t",
      seed: 1,
      policy: "tiny",
      environments: { split: "train", scenarios: { single_hop: 1 } },
      training: { algorithm: "grpo", iterations: 1, learningRate: 1e-5, ...training },
    },
    "trainPolicy",
  ).training;

describe("a training's adapter", () => {
  it("has rank 8, alpha 16 and every matrix where nothing else is said", () => {
    expect(parsed({ lora: {} }).lora).toEqual({
      rank: 8,
      alpha: 16,
      targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    });
    expect(parsed({}).lora).toBeUndefined();
  });

  it("names matrices that a layer has, each once", () => {
    expect(() => parsed({ lora: { targetModules: ["q_proj", "v_proj", "q_proj"] } })).toThrow(
      'field \'training.lora.targetModules\' = ["q_proj","v_proj","q_proj"]: must name no matrix twice',
    );
    expect(() => parsed({ lora: { targetModules: ["lm_head"] } })).toThrow("training.lora.targetModules.0");
    expect(() => parsed({ lora: { dropout: 0.1 } })).toThrow("dropout");
  });
});

describe("a training's schedule", () => {
  it("says where a falling rate ends", () => {
    const schedule = { kind: "cosine", totalSteps: 10 };
    expect(parsed({ schedule }).schedule).toEqual({ ...schedule, warmupSteps: 0, minLearningRate: 0 });
    expect(() => parsed({ schedule: { kind: "cosine" } })).toThrow("training.schedule.totalSteps");
    expect(() => parsed({ schedule: { kind: "linear", totalSteps: 10, warmupSteps: 10 } })).toThrow(
      "field 'training.schedule.warmupSteps' = 10: must be less than totalSteps, or the rate never falls",
    );
  });

  it("is refused where every iteration forgets the optimizer's steps", () => {
    const schedule = { kind: "constant", warmupSteps: 3 };
    expect(() => parsed({ schedule, carryOptimizer: false })).toThrow(
      "counts the optimizer's steps, which carryOptimizer: false forgets; leave one of them out",
    );
    expect(parsed({ schedule }).schedule).toEqual(schedule);
  });
});
