import { describe, expect, it } from "vitest";
import {
  continueExperiment,
  continueTraining,
  describeDifferences,
  differences,
  inForce,
  withSettings,
} from "./fork.ts";
import { experimentInputSchema, reinforcementSchema, trainInputSchema } from "./input.ts";

const training = reinforcementSchema.parse({ algorithm: "grpo", iterations: 5, learningRate: 0.001 });
const from = { run: "parent", stage: "rl", branch: 0, iteration: 2 };

describe("the settings of a fork", () => {
  it("are changed by name, dotted where they lie deeper, and by nothing else", () => {
    const changed = withSettings(training, { learningRate: 1e-4, "sampling.temperature": 0.5 });
    expect(changed).toEqual({
      ...training,
      learningRate: 1e-4,
      sampling: { ...training.sampling, temperature: 0.5 },
    });
    expect(describeDifferences(differences(training, changed))).toBe(
      "learningRate 0.001 -> 0.0001, sampling.temperature 1 -> 0.5",
    );
    expect(differences(training, training)).toEqual([]);
  });

  it("show as null where one side has none", () => {
    const changed = withSettings(training, { "tripwires.minEntropy": 0.1 });
    expect(differences(training, changed)).toEqual([{ name: "tripwires.minEntropy", from: null, to: 0.1 }]);
  });

  it("are refused where they are what they were", () => {
    expect(() => withSettings(training, { learningRate: 0.001 })).toThrow(
      "--set learningRate=0.001 changes nothing, that is its value already; give another or leave it out",
    );
  });

  it("are those that were in force when the update was made", () => {
    const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = training;
    const optimizer = { learningRate: 1e-5, weightDecay, beta1, beta2, epsilon, maxGradientNorm };
    expect(inForce(training, { optimizer, loss: { kind: "sft" } })).toEqual({
      ...training,
      learningRate: 1e-5,
    });
    const loss = { clipLow: 0.2, clipHigh: 0.2, clipDual: 3, klCoefficient: 0.5, entropyCoefficient: 0 };
    expect(inForce(training, { optimizer, loss: { kind: "policy-gradient", ...loss } })).toMatchObject({
      klCoefficient: 0.5,
      entropyCoefficient: 0,
    });
  });
});

describe("the input of a fork", () => {
  it("of an experiment is the experiment with its one stage going on elsewhere", () => {
    const environments = { split: "train", scenarios: { single_hop: 1 } };
    const input = experimentInputSchema.parse({
      id: "parent",
      seed: 1,
      policy: "tiny",
      stages: {
        set: { type: "build", title: "t", environments },
        rl: { type: "train", title: "t", policy: "initial", environments: "set", training },
      },
    });
    const slower = { ...training, learningRate: 1e-4 };
    const forked = continueExperiment(input, "rl", { id: "new", from, training: slower });
    expect(forked).toEqual({
      ...input,
      id: "new",
      stages: { ...input.stages, rl: { ...input.stages.rl, training: slower, from } },
    });
    expect(continueExperiment(forked, "rl", { id: "parent", from: undefined, training })).toEqual(input);
  });

  it("of a training by hand keeps all but its id, settings and origin", () => {
    const given = { id: "parent", seed: 1, policy: "tiny", environments: "build", training };
    const input = trainInputSchema.parse({ ...given, stage: "rl" });
    expect(continueTraining(input, { id: "new", from, training })).toEqual({ ...input, id: "new", from });
  });
});
