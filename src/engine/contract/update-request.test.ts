import { describe, expect, it } from "vitest";
import { updateRequestSchema } from "./update-request.ts";

const request = {
  contract: "ratchet.update.v1",
  parent: "parent",
  reference: null,
  batch: "batch.safetensors",
  output: "output",
  loss: { kind: "sft" },
  optimizer: {
    learningRate: 1e-5,
    weightDecay: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradientNorm: 1,
    schedule: { kind: "linear", warmupSteps: 2, totalSteps: 3, minLearningRate: 0 },
  },
  carryOptimizer: false,
  packTokens: 64,
};

describe("an update's request", () => {
  it("takes an entropy coefficient of either sign, as an experiment does", () => {
    const clips = { clipLow: 0.2, clipHigh: 0.2, clipDual: 3, klCoefficient: 0 };
    const weighed = (entropyCoefficient: number) =>
      updateRequestSchema.safeParse({
        ...request,
        loss: { kind: "policy-gradient", ...clips, entropyCoefficient },
      }).success;
    expect([-1, 0, 1].map(weighed)).toEqual([true, true, true]);
    expect([-1.1, 1.1].map(weighed)).toEqual([false, false]);
  });

  it("has a temperature that an experiment may sample at, and not 0", () => {
    const clips = { clipLow: 0.2, clipHigh: 0.2, clipDual: 3, klCoefficient: 0, entropyCoefficient: 0 };
    const at = (temperature: number) =>
      updateRequestSchema.safeParse({ ...request, loss: { kind: "policy-gradient", ...clips, temperature } })
        .success;
    expect([1e-6, 0.7, 5].map(at)).toEqual([true, true, true]);
    expect([0, 1e-7, 5.1].map(at)).toEqual([false, false, false]);
  });

  it("has no schedule whose rate never falls, as an experiment has none", () => {
    const { optimizer } = request;
    const steps = (warmupSteps: number) =>
      updateRequestSchema.safeParse({
        ...request,
        optimizer: { ...optimizer, schedule: { ...optimizer.schedule, warmupSteps } },
      });
    expect(steps(2).success).toBe(true);
    for (const warmupSteps of [3, 4])
      expect(steps(warmupSteps).error?.issues[0]).toMatchObject({
        path: ["optimizer", "schedule", "warmupSteps"],
        message: "must be less than totalSteps, or the rate never falls",
      });
  });
});
