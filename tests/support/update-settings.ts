/** Settings of the updates that tests ask engines for: a policy gradient with a KL term, and plain Adam. */
import type { LossSettings, OptimizerSettings } from "../../src/core/ports/policy.ts";

export const lossWithKl: LossSettings = {
  kind: "policy-gradient",
  clipLow: 0.2,
  clipHigh: 0.2,
  clipDual: 3,
  klCoefficient: 0.01,
  entropyCoefficient: 0,
};

export const plainAdam = (learningRate: number): OptimizerSettings => ({
  learningRate,
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  maxGradientNorm: 1,
});
