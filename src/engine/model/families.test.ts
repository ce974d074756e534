/** Llama, Qwen2 and Qwen3 against transformers and torch, on tiny models that tests/goldens/families.py made. */
import { afterAll, describe, expect, it } from "vitest";
import { familyGoldens, familyWeights } from "../../../tests/goldens/families.ts";
import { Runtime } from "../runtime/session.ts";
import { BlockCache } from "../sampling/block-cache.ts";
import { standardLimits } from "../sampling/limits.ts";
import { samplingPolicy } from "../sampling/policy.ts";
import { sampleShard } from "../sampling/sample.ts";
import { perEntry } from "../training/batch-loss.ts";
import { backwardHead, forwardHead } from "../training/head.ts";
import { backwardLayers, forwardLayers } from "../training/layers.ts";
import { packRows } from "../training/pack.ts";
import { preparePack } from "../training/prepared-pack.ts";
import { parseLlamaConfig } from "./config.ts";
import { ropeTables } from "./rope-tables.ts";
import { emptyWeights } from "./weights.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 16 });
afterAll(() => runtime.release());
const tick = () => {};

/** Greatest error over max(1, |expected|). */
const error = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));

const differences = (actual: readonly number[], expected: readonly number[]) =>
  expected.map((value, i) => Math.abs(actual[i]! - value));

/** |actual - expected| over |expected|, as vectors. */
function relative(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(expected.map((value, i) => actual[i]! - value)) / norm(expected);
}

describe.each(Object.entries(familyGoldens.cases))("%s", (_name, golden) => {
  const weights = familyWeights(golden.config);
  const { config } = weights;

  it.each([
    ["kept", 2 ** 30],
    ["recomputed", 0],
  ])(
    "has transformers' log-probabilities and entropies, and torch's gradients within 1e-4 of their size, activations %s",
    async (_, keptBytes) => {
      const rows = golden.rows.map(({ prompt, response }) => ({
        prompt,
        response,
        mask: response.map(() => 1 as const),
        advantages: response.map(() => 1),
      }));
      const [pack] = packRows(rows, 1000);
      const { targets, entries } = pack!;
      const prepared = preparePack(pack!, ropeTables(config));
      const activations = await forwardLayers(runtime, weights, prepared, keptBytes, tick);
      const hidden = activations.states.at(-1)!;
      const values = await forwardHead(
        runtime,
        weights,
        targets,
        hidden,
        { entropy: true, keeps: keptBytes > 0 },
        tick,
      );
      const all = (of: "logp" | "entropy") => golden.rows.flatMap((row) => row[of]);
      expect(error(perEntry(entries, values.logp), all("logp"))).toBeLessThan(1e-5);
      expect(error(perEntry(entries, values.entropy), all("entropy"))).toBeLessThan(1e-5);

      const dTargets = { logp: new Float32Array(targets.length), entropy: new Float32Array(targets.length) };
      for (const { row, index, target } of entries) {
        dTargets.logp[target]! += golden.rows[row]!.dLogp[index]!;
        dTargets.entropy[target]! += golden.rows[row]!.dEntropy[index]!;
      }
      const gradients = emptyWeights(config);
      const sum = { parameters: gradients, adds: false };
      const dHidden = await backwardHead(runtime, weights, targets, values, dTargets, sum, tick);
      await backwardLayers(runtime, weights, prepared, activations, dHidden, sum, tick);
      expect([...gradients.tensors.keys()].sort()).toEqual(Object.keys(golden.gradients));
      for (const [name, { data }] of gradients.tensors) {
        expect(relative(data, golden.gradients[name]!), name).toBeLessThan(1e-4);
      }
    },
  );

  it("says greedily what transformers says, with its log-probabilities", async () => {
    const { prompt, tokens, logprobs } = golden.greedy;
    const sampler = { runtime, cache: new BlockCache(2 ** 20), limits: standardLimits };
    const options = { temperature: 0, topP: 1, maxNewTokens: tokens.length };
    const requests = [{ prompt, seeds: [0] }];
    const policy = samplingPolicy("p", weights, []);
    const [[said]] = (await sampleShard(sampler, policy, requests, options, () => {})) as [[never]];
    expect(said).toMatchObject({ tokens, finish: "length" });
    expect(error((said as { logprobs: number[] }).logprobs, logprobs)).toBeLessThan(1e-5);
  });
});

describe("rotary tables", () => {
  it.each(Object.entries(familyGoldens.ropes))("of %s are those of transformers", (_, golden) => {
    const { cos, sin, shape } = ropeTables(parseLlamaConfig(golden.config));
    const half = shape[1];
    const at = (table: Float32Array) =>
      golden.positions.flatMap((p) => [...table.subarray(p * half, (p + 1) * half)]);
    expect(Math.max(...differences(at(cos), golden.cos))).toBeLessThan(1e-6);
    expect(Math.max(...differences(at(sin), golden.sin))).toBeLessThan(1e-6);
  });
});
