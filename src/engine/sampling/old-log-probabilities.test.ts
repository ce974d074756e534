import { afterAll, describe, expect, it } from "vitest";
import type { LlamaConfig } from "../model/config.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { Runtime } from "../runtime/session.ts";
import { packMiniBatch, scorePack } from "../training/mini-batch.ts";
import { tempered } from "../training/temperature.ts";
import { BlockCache } from "./block-cache.ts";
import { standardLimits } from "./limits.ts";
import { randomWeights } from "./naive-llama.test-support.ts";
import { samplingPolicy } from "./policy.ts";
import { sampleShard } from "./sample.ts";

const config: LlamaConfig = {
  hiddenSize: 48,
  layers: 3,
  heads: 6,
  kvHeads: 2,
  headSize: 8,
  intermediateSize: 96,
  vocabularySize: 60,
  ropeTheta: 10_000,
  rmsNormEpsilon: 1e-5,
  tiedEmbeddings: true,
  contextTokens: 1024,
};
const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 64 });
afterAll(() => runtime.release());

describe("log-probabilities of sampled tokens", () => {
  it.each([1, 0.7])(
    "are within 1e-4 of those that training's packed pass computes, at %d",
    async (temperature) => {
      const weights = randomWeights(config, 5);
      const prompts = [41, 64, 97].map((length, seed) =>
        Array.from({ length }, (_, i) => (i * 17 + seed * 5) % config.vocabularySize),
      );
      const responses = await sampleShard(
        { runtime, cache: new BlockCache(2 ** 20), limits: standardLimits },
        samplingPolicy("p", weights, [59]),
        prompts.map((prompt) => ({ prompt, seeds: [1, 2, 3] })),
        { temperature, topP: 1, maxNewTokens: 48 },
        () => {},
      );
      const rows = prompts.flatMap((prompt, i) =>
        responses[i]!.map(({ tokens, logprobs }) => {
          const mask = tokens.map((): 0 | 1 => 1);
          return { prompt, response: tokens, mask, advantages: [...mask], logprobs };
        }),
      );
      const context = { runtime, tables: ropeTables(config), keptBytes: 2 ** 30, tick: () => {} };
      let compared = 0;
      for (const pack of packMiniBatch(rows, 512).packs) {
        const logp = await scorePack(context, tempered(weights, temperature), pack);
        for (const [entry, { row, index }] of pack.entries.entries()) {
          expect(Math.abs(logp[entry]! - rows[row]!.logprobs[index]!)).toBeLessThan(1e-4);
          compared++;
        }
      }
      expect(compared).toBe(rows.reduce((sum, { response }) => sum + response.length, 0));
    },
  );
});
