import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.ts";
import { emptyWeights, finalNormName, headName, tensorOf } from "../model/weights.ts";
import { f32, Runtime } from "../runtime/session.ts";
import { backwardHead, forwardHead, headBlocks } from "./head.ts";

/** SmolLM2's vocabulary over a narrow model, so that 400 targets need two blocks. */
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

describe("the head in blocks", () => {
  it("keeps the logits of SmolLM2's vocabulary under 64 MiB", () => {
    expect(headBlocks(config, 700)).toEqual([
      { start: 0, end: 320 },
      { start: 320, end: 640 },
      { start: 640, end: 700 },
    ]);
  });

  it("has the values of each target, in every block", async () => {
    const values = await forwardHead(runtime, weights, targets, hidden, true, () => {});
    for (const index of [0, 319, 320, 399]) {
      const { logp, entropy } = expected(targets[index]!);
      expect(values.logp[index]).toBeCloseTo(logp, 5);
      expect(values.entropy[index]).toBeCloseTo(entropy, 4);
    }
  });

  it("has the gradient of a loss in two blocks as the sum of its parts", async () => {
    const coefficients = Float32Array.from(targets, () => random.next() - 0.5);
    const backward = async (from: number, to: number) => {
      const gradients = emptyWeights(config);
      const dTargets = { logp: coefficients.slice(from, to), entropy: coefficients.slice(from, to) };
      const part = targets.slice(from, to);
      const dx = await backwardHead(runtime, weights, part, hidden, dTargets, gradients, () => {});
      return [...(dx.data as Float32Array), ...gradients.arena];
    };
    const whole = await backward(0, 400);
    const [first, second] = [await backward(0, 150), await backward(150, 400)];
    let difference = 0;
    for (const [i, value] of whole.entries()) {
      difference = Math.max(difference, Math.abs(value - first[i]! - second[i]!));
    }
    expect(difference).toBeLessThan(1e-5);
  });
});
