import { describe, expect, it } from "vitest";
import { llamaGoldens } from "../../../tests/goldens/llama.ts";
import { adamStep, clipFactor, emptyAdamState, gradientNorm } from "./adamw.ts";

const settings = {
  learningRate: 0.01,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  maxGradientNorm: 1.5,
};

describe("AdamW", () => {
  it("takes torch's steps, clipping included", () => {
    const weights = Float32Array.from(llamaGoldens.adamw.start);
    const state = emptyAdamState(weights.length);
    for (const step of llamaGoldens.adamw.steps) {
      const gradient = Float32Array.from(step.gradient);
      const norm = gradientNorm(gradient);
      expect(norm).toBeCloseTo(step.norm, 6);
      adamStep(weights, gradient, state, settings, clipFactor(norm, settings.maxGradientNorm));
      for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(step.weights[i]!, 6);
    }
    expect(state.step).toBe(3);
  });

  it("clips to the limit, leaves a smaller gradient alone, and 0 switches clipping off", () => {
    expect(clipFactor(10, 1)).toBeCloseTo(0.1, 6);
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(10, 0)).toBe(1);
  });

  it("leaves every byte of the weights alone at a learning rate of 0, a negative zero included", () => {
    const weights = Float32Array.of(-0, 0, 1.5);
    const state = emptyAdamState(3);
    adamStep(weights, Float32Array.of(-1, 1, 2), state, { ...settings, learningRate: 0 }, 1);
    expect([...weights].map((w) => Object.is(w, -0))).toEqual([true, false, false]);
    expect(weights[2]).toBe(1.5);
    expect(state.m[2]).toBeCloseTo(0.2, 6);
  });
});
