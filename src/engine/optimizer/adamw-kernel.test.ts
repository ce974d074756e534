import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.ts";
import { createAdamKernel, type StepFactors } from "./adamw-kernel.ts";

const factors: StepFactors = {
  scale: 0.3,
  beta1: 0.9,
  beta2: 0.999,
  meanRate: 1e-3,
  squareScale: 1.7,
  epsilon: 1e-8,
  decay: 1e-5,
};
const kernel = createAdamKernel();

const drawn = (length: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.next() - 0.5);
};
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer)];

/** The formula of `adamw.ts`, one element at a time. */
function plainStep(w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, f: StepFactors) {
  for (let i = 0; i < w.length; i++) {
    const gradient = g[i]! * f.scale;
    const mean = f.beta1 * m[i]! + (1 - f.beta1) * gradient;
    const square = f.beta2 * v[i]! + (1 - f.beta2) * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    const change = f.decay * w[i]! + (f.meanRate * mean) / (Math.sqrt(square) * f.squareScale + f.epsilon);
    if (change !== 0) w[i] = w[i]! - change;
  }
}

describe("the AdamW kernel", () => {
  // One element, an odd count, a whole chunk of 2^14, and one element over two chunks.
  for (const length of [1, 7, 2 ** 14, 2 ** 15 + 1]) {
    it(`gives ${length} elements the bytes of the formula in float64`, () => {
      const [g, plain, fast] = [drawn(length, 1), [2, 3, 4], [2, 3, 4]];
      const [w, m, v] = plain.map((seed) => drawn(length, seed)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const [w2, m2, v2] = fast.map((seed) => drawn(length, seed)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (const squares of [v, v2]) for (let i = 0; i < length; i++) squares[i] = Math.abs(squares[i]!);
      for (let step = 0; step < 3; step++) {
        plainStep(w, g, m, v, factors);
        kernel.step(w2, g, m2, v2, factors);
      }
      for (const [one, other] of [
        [w, w2],
        [m, m2],
        [v, v2],
      ] as const)
        expect(bits(other)).toEqual(bits(one));
    });
  }

  it("says whether all that it wrote is finite, and looks at nothing beside it", () => {
    const stepOn = (w: Float32Array, v: Float32Array) =>
      kernel.step(w, new Float32Array(w.length), new Float32Array(w.length), v, factors);
    const ones = (length: number) => new Float32Array(length).fill(1);
    for (const at of [0, 6, 2 ** 14 - 1, 2 ** 14]) {
      const spoiled = ones(2 ** 14 + 1);
      spoiled[at] = Number.NaN;
      expect(stepOn(spoiled, ones(2 ** 14 + 1))).toBe(false);
      expect(stepOn(ones(2 ** 14 + 1), ones(2 ** 14 + 1))).toBe(true);
    }
    // Beside the odd last element of a chunk lies what the call before left there.
    stepOn(new Float32Array(8).fill(Number.NaN), ones(8));
    expect(stepOn(ones(7), ones(7))).toBe(true);
    expect(stepOn(ones(1), Float32Array.of(-1))).toBe(false);
  });

  it("leaves a weight of -0 alone where the change is 0, whatever its sign", () => {
    const weights = Float32Array.of(-0, -0, 0, 2);
    const gradient = Float32Array.of(-1, 1, 1, 1);
    kernel.step(weights, gradient, new Float32Array(4), new Float32Array(4), {
      ...factors,
      meanRate: 0,
      decay: 0,
    });
    expect(bits(weights)).toEqual(bits(Float32Array.of(-0, -0, 0, 2)));
  });

  it("adds squares over chunks, and nothing from what an earlier call left behind", () => {
    kernel.sumOfSquares(new Float32Array(2 ** 14).fill(5));
    expect(kernel.sumOfSquares(Float32Array.of(1, 2, 3))).toBe(14);
    expect(kernel.sumOfSquares(new Float32Array(2 ** 14 + 3).fill(2))).toBe(4 * (2 ** 14 + 3));
    expect(kernel.sumOfSquares(Float32Array.of(1, Number.NaN))).toBeNaN();
    expect(kernel.sumOfSquares(Float32Array.of(Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
  });
});
