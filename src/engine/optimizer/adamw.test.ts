import { describe, expect, it } from "vitest";
import { llamaGoldens } from "../../../tests/goldens/llama.ts";
import { emptyAdamState, optimizerStep } from "./adamw.ts";

const settings = {
  learningRate: 0.01,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  maxGradientNorm: 1.5,
};
const noPause = async () => {};

describe("AdamW", () => {
  it("takes torch's steps, clipping included", async () => {
    const weights = Float32Array.from(llamaGoldens.adamw.start);
    const state = emptyAdamState(weights.length);
    for (const step of llamaGoldens.adamw.steps) {
      const gradient = Float32Array.from(step.gradient);
      const { norm, finite } = await optimizerStep(weights, gradient, state, settings, noPause);
      expect(norm).toBeCloseTo(step.norm, 6);
      expect(finite).toBe(true);
      for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(step.weights[i]!, 6);
    }
    expect(state.step).toBe(3);
  });

  it("scales a gradient over the limit down to it, and 0 is no limit", async () => {
    // The first moment after one step is (1 - beta1) times the gradient that was used.
    const used = async (maxGradientNorm: number) => {
      const state = emptyAdamState(2);
      await optimizerStep(
        new Float32Array(2),
        Float32Array.of(3, 4),
        state,
        { ...settings, maxGradientNorm },
        noPause,
      );
      return [...state.m].map((m) => m / 0.1);
    };
    const expectUsed = async (limit: number, expected: readonly number[]) => {
      for (const [i, value] of (await used(limit)).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    };
    await expectUsed(1, [0.6, 0.8]);
    await expectUsed(10, [3, 4]);
    await expectUsed(0, [3, 4]);
  });

  it("leaves every byte of the weights alone at a learning rate of 0, a negative zero included", async () => {
    const weights = Float32Array.of(-0, 0, 1.5);
    const state = emptyAdamState(3);
    await optimizerStep(
      weights,
      Float32Array.of(-1, 1, 1),
      state,
      { ...settings, learningRate: 0, maxGradientNorm: 0 },
      noPause,
    );
    expect([...weights].map((w) => Object.is(w, -0))).toEqual([true, false, false]);
    expect(weights[2]).toBe(1.5);
    expect(state.m[2]).toBeCloseTo(0.1, 6);
  });

  it("changes nothing for a gradient that is not finite", async () => {
    const weights = Float32Array.of(1, 2);
    const state = emptyAdamState(2);
    const outcome = await optimizerStep(weights, Float32Array.of(Number.NaN, 1), state, settings, noPause);
    expect(outcome).toEqual({ norm: Number.NaN, finite: false });
    expect([...weights]).toEqual([1, 2]);
    expect(state).toEqual(emptyAdamState(2));
  });

  it("tells where a weight or a moment is no number afterwards", async () => {
    const largest = 3.4e38;
    const finiteAfter = async (w: number, m: number, v: number, over = {}) => {
      const [weights, state] = [Float32Array.of(1, w, 1), emptyAdamState(3)];
      state.m[1] = m;
      state.v[1] = v;
      const given = { ...settings, maxGradientNorm: 0, ...over };
      const gradient = Float32Array.of(1, 1e21, 1);
      return (await optimizerStep(weights, gradient, state, given, noPause)).finite;
    };
    expect(await finiteAfter(1, 0, 1, { maxGradientNorm: 1 })).toBe(true);
    expect(await finiteAfter(1, 0, 1)).toBe(false);
    expect(await finiteAfter(1, 0, -1, { maxGradientNorm: 1 })).toBe(false);
    expect(await finiteAfter(largest, 0, 1, { maxGradientNorm: 1, weightDecay: -10 })).toBe(false);
  });
});
