/** The updates that tests ask engines for: a policy gradient with a KL term, plain Adam, and small rows. */
import type { LossSettings, OptimizerSettings, TrainingRow } from "../../src/core/ports/policy.ts";

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

/** Three tokens of response, which the seed tells apart. */
export const smallRow = (prompt: readonly number[], seed: number): TrainingRow => ({
  prompt,
  response: [seed, seed + 1, 258],
  mask: [1, 1, 1],
  advantages: [seed % 2 ? 1 : -1, 1, -1],
  logprobs: [-1, -1, -1],
});
