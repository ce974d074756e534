import { describe, expect, it } from "vitest";
import { validateChange, withChange } from "./hyperparameters.ts";
import { reinforcementSchema } from "./input.ts";

describe("a change of hyper-parameters while a policy trains", () => {
  it("may set a learning rate within its limits", () => {
    expect(() => validateChange({ learningRate: 1e-5 }, "sft")).not.toThrow();
    expect(() => validateChange({ learningRate: 2 }, "grpo")).toThrow(
      "'learningRate' = 2 must be a number from 0 to 1",
    );
  });

  it("names what can be changed where a name is unknown or nothing is named", () => {
    const known =
      "learningRate, weightDecay, maxGradientNorm, klCoefficient, entropyCoefficient, tripwires.maxKl, tripwires.minEntropy, tripwires.maxEntropy, tripwires.maxGradientSpike, tripwires.minRewardShare";
    expect(() => validateChange({ epochs: 2 } as object, "sft")).toThrow(
      `'epochs' cannot be changed while training; what can: ${known}`,
    );
    expect(() => validateChange({}, "sft")).toThrow(`nothing to change; what can be: ${known}`);
  });

  it("refuses terms that a supervised loss does not have", () => {
    for (const name of ["klCoefficient", "entropyCoefficient", "tripwires.maxKl"])
      expect(() => validateChange({ [name]: 0.1 }, "sft")).toThrow(
        `'${name}' weighs or limits a term that supervised training (algorithm "sft") does not have; change it on a reinforcement stage`,
      );
    expect(() => validateChange({ klCoefficient: 0.1 }, "grpo")).not.toThrow();
  });

  it("reaches a tripwire by its dotted name and leaves all else", () => {
    const training = reinforcementSchema.parse({ algorithm: "grpo", iterations: 2, learningRate: 0.1 });
    expect(withChange(training, { learningRate: 0.2, "tripwires.maxKl": 3 })).toEqual({
      ...training,
      learningRate: 0.2,
      tripwires: { ...training.tripwires, maxKl: 3 },
    });
  });
});
