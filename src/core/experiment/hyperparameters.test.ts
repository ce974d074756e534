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

  const training = { algorithm: "grpo", iterations: 2, learningRate: 0.1 };
  it.each([
    ["learningRate", [0, 1], [-0.1, 1.1, Number.NaN], "from 0 to 1"],
    ["weightDecay", [0, 1], [-0.1, 1.1], "from 0 to 1"],
    ["maxGradientNorm", [0, 1e12], [-1, Number.POSITIVE_INFINITY], "of at least 0"],
    ["klCoefficient", [0, 10], [-0.1, 11], "from 0 to 10"],
    ["entropyCoefficient", [-1, -0.1, 1], [-1.1, 1.1], "from -1 to 1"],
    ["tripwires.maxKl", [1e-12, 10], [0, 10.5, "1"], "above 0 and at most 10"],
    ["tripwires.minEntropy", [0, 1e12], [-0.1, null], "of at least 0"],
    ["tripwires.maxEntropy", [1e-12, 1e12], [0], "above 0"],
    ["tripwires.maxGradientSpike", [1.5, 1e12], [1, 0.5], "above 1"],
    ["tripwires.minRewardShare", [1e-12, 0.99], [0, 1], "above 0 and below 1"],
  ])("holds '%s' to the limits that an input has", (name, allowed, refused, words) => {
    const accepts = (value: unknown) => {
      const [outer, inner] = name.split(".");
      const given = inner === undefined ? { [name]: value } : { [outer!]: { [inner]: value } };
      return reinforcementSchema.safeParse({ ...training, ...given }).success;
    };
    for (const value of allowed) {
      expect(accepts(value)).toBe(true);
      expect(() => validateChange({ [name]: value } as object, "grpo")).not.toThrow();
    }
    for (const value of refused) {
      expect(accepts(value)).toBe(false);
      expect(() => validateChange({ [name]: value } as object, "grpo")).toThrow(
        `'${name}' = ${JSON.stringify(value)} must be a number ${words}`,
      );
    }
  });

  it("names what can be changed where a name is unknown or nothing is named", () => {
    const known =
      "learningRate, weightDecay, maxGradientNorm, klCoefficient, entropyCoefficient, tripwires.maxKl, tripwires.minEntropy, tripwires.maxEntropy, tripwires.maxGradientSpike, tripwires.minRewardShare";
    expect(() => validateChange({ epochs: 2 } as object, "sft")).toThrow(
      `'epochs' cannot be changed while training; what can: ${known}`,
    );
    expect(() => validateChange({}, "sft")).toThrow(`nothing to change; what can be: ${known}`);
    for (const [given, shown] of [
      [undefined, "nothing"],
      [null, "null"],
      [3, "3"],
      ["x", '"x"'],
      [[1], "[1]"],
    ])
      expect(() => validateChange(given, "sft")).toThrow(
        `${shown} is no change: give an object, for example {"learningRate": 1e-5}; what can be: ${known}`,
      );
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
