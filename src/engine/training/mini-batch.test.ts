import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import type { LossSettings, TrainingRow } from "../../core/ports/policy.ts";
import { seededRandom } from "../../core/random.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { keptBytesOf } from "../model/training-layer.ts";
import { embeddingName, emptyWeights, finalNormName, tensorOf } from "../model/weights.ts";
import { Runtime } from "../runtime/session.ts";
import { packMiniBatch, scorePack, trainMiniBatch } from "./mini-batch.ts";
import { preparePack } from "./prepared-pack.ts";

const golden = llamaGoldens.update;
const weights = goldenWeights(golden.config, golden.weights);
const reference = goldenWeights(golden.config, golden.reference);
const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 32 });
afterAll(() => runtime.release());
const context = { runtime, tables: ropeTables(weights.config), keptBytes: 0, tick: () => {} };

/** Losses and gradient of rows packed under a budget. */
async function lossAndGradient(
  rows: readonly TrainingRow[],
  packTokens: number,
  keptBytes = 2 ** 30,
  loss = golden.loss,
) {
  const batch = packMiniBatch(rows, packTokens);
  const scores = [];
  for (const pack of batch.packs) scores.push(await scorePack(context, reference, pack));
  const gradients = emptyWeights(weights.config);
  const sums = await trainMiniBatch({ ...context, keptBytes }, weights, loss, batch, scores, gradients);
  return { sums, gradient: gradients.arena, packs: batch.packs.length };
}

/** Few distinct tokens, so that rows share prefixes of every length, in prompts and in responses. */
const token = fc.integer({ min: 0, max: 2 });
const trainingRow = fc
  .record({
    prompt: fc.array(token, { minLength: 1, maxLength: 12 }),
    response: fc.array(fc.tuple(token, fc.constantFrom(0 as const, 1 as const, 1 as const)), {
      minLength: 1,
      maxLength: 12,
    }),
    advantage: fc.constantFrom(-2, -0.5, 0, 0.7, 1.5),
    // A uniform choice of 40 tokens has -3.7, so ratios lie on both sides of 1.
    logprob: fc.constantFrom(-4.5, -3.7, -3),
  })
  .map(
    ({ prompt, response, advantage, logprob }): TrainingRow => ({
      prompt,
      response: response.map(([id]) => id),
      mask: response.map(([, trained], i) => (i === 0 ? 1 : trained)),
      advantages: response.map(() => advantage),
      logprobs: response.map(() => logprob),
    }),
  );
const someRows = fc.array(trainingRow, { minLength: 1, maxLength: 8 });

function expectSameGradient(actual: Float32Array, expected: Float32Array) {
  const difference = Math.hypot(...expected.map((value, i) => value - actual[i]!));
  expect(difference).toBeLessThanOrEqual(1e-5 * Math.max(1e-3, Math.hypot(...expected)));
}

describe("a packed mini-batch", () => {
  it("has the loss and gradient of its rows one by one, within 1e-5 of the gradient's norm", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 2, max: 80 }), async (rows, packTokens) => {
        const packed = await lossAndGradient(rows, packTokens);
        // A budget of one token gives every row a pack of its own.
        const single = await lossAndGradient(rows, 1);
        expect(single.packs).toBe(rows.length);
        for (const name of ["policyLoss", "kl", "entropy", "clipFraction"] as const) {
          expect(packed.sums[name]).toBeCloseTo(single.sums[name], 5);
        }
        expectSameGradient(packed.gradient, single.gradient);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it("has the same gradient whether activations are kept, computed again or kept for the last layer only", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const kept = await lossAndGradient(rows, 80);
        const recomputed = await lossAndGradient(rows, 80, 0);
        const [pack] = packMiniBatch(rows, 80).packs;
        const { shape } = preparePack(pack!, context.tables);
        const partly = await lossAndGradient(rows, 80, keptBytesOf(weights.config, shape, undefined));
        expectSameGradient(kept.gradient, recomputed.gradient);
        expectSameGradient(partly.gradient, recomputed.gradient);
      }),
      { numRuns: 10, seed: 2 },
    );
  });

  it("has it too where a tree takes several blocks of queries", async () => {
    const random = seededRandom(9);
    const tokens = (count: number) => Array.from({ length: count }, () => random.integer(40));
    const prompt = tokens(60);
    const rows = Array.from({ length: 8 }, (): TrainingRow => {
      const advantage = random.next() - 0.5;
      const response = tokens(40);
      return {
        prompt,
        response,
        mask: response.map(() => 1),
        advantages: response.map(() => advantage),
        logprobs: response.map(() => -3.7),
      };
    });
    // 60 + 8 * 39 nodes or a few less, where responses begin alike: three blocks of 128 queries.
    expect(packMiniBatch(rows, 1000).packs[0]!.tokens.length).toBeGreaterThan(300);
    const packed = await lossAndGradient(rows, 1000);
    const single = await lossAndGradient(rows, 1);
    expect(packed.packs).toBe(1);
    expectSameGradient(packed.gradient, single.gradient);
    expect(packed.sums.policyLoss).toBeCloseTo(single.sums.policyLoss, 5);
  });

  it("has at a temperature of 0.7 the slopes of finite differences, the final gain's too", async () => {
    const policyLoss = golden.loss as Extract<LossSettings, { kind: "policy-gradient" }>;
    const at = () =>
      lossAndGradient(golden.miniBatches[0]!, 16, 2 ** 30, { ...policyLoss, temperature: 0.7 });
    const { gradient } = await at();
    const places = emptyWeights(weights.config);
    places.arena.set(gradient);
    for (const name of [finalNormName, embeddingName, "model.layers.0.mlp.up_proj.weight"]) {
      const { data } = tensorOf(weights, name);
      const before = data.slice();
      // Along the gradient itself: its slope is the gradient's length, far above the loss's rounding.
      const direction = tensorOf(places, name).data;
      const length = Math.hypot(...direction);
      const moved = async (by: number) => {
        for (let i = 0; i < data.length; i++) data[i] = before[i]! + (by * direction[i]!) / length;
        const { sums } = await at();
        data.set(before);
        return (
          sums.policyLoss + policyLoss.klCoefficient * sums.kl - policyLoss.entropyCoefficient * sums.entropy
        );
      };
      // So short a step crosses no clip.
      const step = 3e-3;
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      expect(slope / length, name).toBeCloseTo(1, 3);
    }
  });
});
