import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.ts";
import { emptyWeights, finalNormName, headName, tensorOf } from "../model/weights.ts";
import { f32, Runtime } from "../runtime/session.ts";
import { backwardHead, forwardHead, headSlices } from "./head.ts";

/** SmolLM2's vocabulary over a narrow model, so that 400 targets need six slices. */
const config = {
  hiddenSize: 8,
  layers: 0,
  heads: 1,
  kvHeads: 1,
  headSize: 8,
  intermediateSize: 8,
  vocabularySize: 49_152,
  ropeTheta: 10_000,
  rmsNormEpsilon: 1e-5,
  tiedEmbeddings: true,
  contextTokens: 512,
};
const runtime = new Runtime({ threads: 2, provider: "cpu", sessionCapacity: 8 });
afterAll(() => runtime.release());

const random = seededRandom(3);
const weights = emptyWeights(config);
for (const { data } of weights.tensors.values()) for (const i of data.keys()) data[i] = random.next() - 0.5;
const nodes = 500;
const hidden = f32(
  Float32Array.from({ length: nodes * 8 }, () => random.next() - 0.5),
  [nodes, 8],
);
const targets = Array.from({ length: 400 }, (_, i) => ({
  node: nodes - 1 - i,
  token: random.integer(49_152),
}));

/** log p and entropy of one target in float64. */
function expected({ node, token }: { node: number; token: number }) {
  const x = Array.from(hidden.data as Float32Array).slice(node * 8, node * 8 + 8);
  const norm = tensorOf(weights, finalNormName).data;
  const head = tensorOf(weights, headName(config)).data;
  const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / 8 + config.rmsNormEpsilon);
  const logits = Array.from({ length: config.vocabularySize }, (_, v) =>
    x.reduce((sum, value, i) => sum + value * scale * norm[i]! * head[v * 8 + i]!, 0),
  );
  const total = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
  const entropy = -logits.reduce((sum, z) => sum + Math.exp(z - total) * (z - total), 0);
  return { logp: logits[token]! - total, entropy };
}

describe("the head in slices of the vocabulary", () => {
  it("keeps a slice's logits near 16 MiB", () => {
    const slices = headSlices(config, 400);
    expect(slices.length).toBe(6);
    expect(slices.slice(0, 2)).toEqual([
      { start: 0, end: 8192 },
      { start: 8192, end: 16_384 },
    ]);
    expect(slices.at(-1)).toEqual({ start: 40_960, end: 49_152 });
  });

  it("covers a vocabulary that no slice's size divides", () => {
    expect(headSlices({ ...config, vocabularySize: 50_257 }, 400).at(-1)).toEqual({
      start: 41_920,
      end: 50_257,
    });
  });

  it("has the values of each target, in every slice", async () => {
    const options = { entropy: true, keeps: false };
    const values = await forwardHead(runtime, weights, targets, hidden, options, () => {});
    for (const index of [0, 319, 320, 399]) {
      const { logp, entropy } = expected(targets[index]!);
      expect(values.logp[index]).toBeCloseTo(logp, 5);
      expect(values.entropy[index]).toBeCloseTo(entropy, 4);
    }
  });

  const coefficients = Float32Array.from(targets, () => random.next() - 0.5);
  const differentiate = async (
    from: number,
    to: number,
    keeps: boolean,
    gradients = emptyWeights(config),
    adds = false,
  ) => {
    const dTargets = { logp: coefficients.slice(from, to), entropy: coefficients.slice(from, to) };
    const part = targets.slice(from, to);
    const pass = await forwardHead(runtime, weights, part, hidden, { entropy: true, keeps }, () => {});
    const sum = { parameters: gradients, adds };
    const dx = await backwardHead(runtime, weights, part, pass, dTargets, sum, () => {});
    return { dx: dx.data as Float32Array, gradient: gradients.arena };
  };

  it("has the gradient of a loss as the sum of its parts, whatever the memory held before the first", async () => {
    const whole = await differentiate(0, 400, true);
    const gradients = emptyWeights(config);
    gradients.arena.fill(5);
    const first = await differentiate(0, 150, true, gradients);
    const second = await differentiate(150, 400, true, gradients, true);
    expect(
      whole.dx.reduce((most, v, i) => Math.max(most, Math.abs(v - first.dx[i]! - second.dx[i]!)), 0),
    ).toBeLessThan(1e-5);
    expect(
      whole.gradient.reduce((most, v, i) => Math.max(most, Math.abs(v - gradients.arena[i]!)), 0),
    ).toBeLessThan(1e-5);
  });

  it("has the gradient of logits that were kept when it computes them again, byte for byte", async () => {
    const [kept, again] = [await differentiate(0, 400, true), await differentiate(0, 400, false)];
    expect(Buffer.from(again.dx.buffer)).toEqual(Buffer.from(kept.dx.buffer));
    expect(again.gradient).toEqual(kept.gradient);
  });

  it("has the slope of finite differences in a hidden state", async () => {
    const { dx } = await differentiate(0, 400, true);
    const states = hidden.data as Float32Array;
    const loss = async () => {
      const { logp, entropy } = await forwardHead(
        runtime,
        weights,
        targets,
        hidden,
        { entropy: true, keeps: false },
        () => {},
      );
      return coefficients.reduce((total, c, i) => total + c * (logp[i]! + entropy[i]!), 0);
    };
    for (const index of [(nodes - 1) * 8 + 3, (nodes - 200) * 8]) {
      const before = states[index]!;
      const step = 2 ** -5;
      const ends: number[] = [];
      for (const sign of [1, -1]) {
        states[index] = before + sign * step;
        ends.push(await loss());
      }
      states[index] = before;
      expect((ends[0]! - ends[1]!) / (2 * step)).toBeCloseTo(dx[index]!, 2);
    }
  });
});
