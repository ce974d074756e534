import { afterAll, describe, expect, it } from "vitest";
import type { SampledResponse, SampleRequest, SamplingOptions } from "../../core/ports/policy.ts";
import { seededRandom } from "../../core/random.ts";
import type { LlamaConfig } from "../model/config.ts";
import { Runtime } from "../runtime/session.ts";
import { BlockCache } from "./block-cache.ts";
import { leastTemperature } from "./check-requests.ts";
import { standardLimits } from "./limits.ts";
import { nextLogProbabilities, randomWeights } from "./naive-llama.test-support.ts";
import { samplingPolicy } from "./policy.ts";
import { type Sampler, sampleShard } from "./sample.ts";

const config: LlamaConfig = {
  hiddenSize: 24,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  headSize: 4,
  intermediateSize: 40,
  vocabularySize: 30,
  ropeTheta: 10_000,
  rmsNormEpsilon: 1e-5,
  tiedEmbeddings: false,
  contextTokens: 256,
};
const weights = randomWeights(config, 9);
const stopId = 10;
const policy = samplingPolicy("p", weights, [stopId]);
const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 64 });
afterAll(() => runtime.release());

const prompt = (tokens: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: tokens }, () => random.integer(config.vocabularySize));
};
const fresh = (limits = standardLimits, cacheBytes = 2 ** 20): Sampler => ({
  runtime,
  cache: new BlockCache(cacheBytes),
  limits,
});
const sample = (sampler: Sampler, requests: SampleRequest[], options: SamplingOptions) =>
  sampleShard(sampler, policy, requests, options, () => {});

/** Prompts around the block's size, a prompt of one token, and groups of different sizes. */
const requests: SampleRequest[] = [
  { prompt: prompt(65, 1), seeds: [11, 12, 13] },
  { prompt: prompt(1, 2), seeds: [14] },
  { prompt: prompt(80, 3), seeds: [15, 16] },
  { prompt: prompt(64, 4), seeds: [17] },
];
const drawn: SamplingOptions = { temperature: 1.3, topP: 1, maxNewTokens: 70 };
const greedy: SamplingOptions = { temperature: 0, topP: 1, maxNewTokens: 12 };

/** The token that seed's `index`-th uniform picks from a tempered distribution, computed apart from the engine. */
function naiveDraw(logp: readonly number[], temperature: number, uniform: number): number {
  const powers = logp.map((value) => Math.exp(value / temperature));
  const target = uniform * powers.reduce((sum, power) => sum + power, 0);
  let sum = 0;
  return powers.findIndex((power) => {
    sum += power;
    return sum > target;
  });
}

/** Log-probabilities at another temperature than 1, computed apart from the engine. */
function tempered(logp: readonly number[], temperature: number): number[] {
  const total = Math.log(logp.reduce((sum, value) => sum + Math.exp(value / temperature), 0));
  return logp.map((value) => value / temperature - total);
}

function expectNaive(request: SampleRequest, seed: number, response: SampledResponse, temperature: number) {
  const random = seededRandom(seed);
  const said: number[] = [];
  for (const [index, token] of response.tokens.entries()) {
    const logp = nextLogProbabilities(weights, [...request.prompt, ...said]);
    const expected =
      temperature === 0 ? logp.indexOf(Math.max(...logp)) : naiveDraw(logp, temperature, random.next());
    expect(token).toBe(expected);
    const recorded = temperature === 0 ? logp : tempered(logp, temperature);
    expect(Math.abs(response.logprobs[index]! - recorded[token]!)).toBeLessThan(1e-4);
    said.push(token);
  }
}

describe("sampleShard", () => {
  it("draws what the plain model draws, token by token, with its log-probabilities at the temperature", async () => {
    const responses = await sample(fresh(), requests, drawn);
    for (const [i, request] of requests.entries())
      for (const [j, seed] of request.seeds.entries())
        expectNaive(request, seed, responses[i]![j]!, drawn.temperature);
  });

  it("draws so at a temperature of 1 too, whose chances are the log-probabilities", async () => {
    const request = requests[2]!;
    const [responses] = await sample(fresh(), [request], { temperature: 1, topP: 1, maxNewTokens: 20 });
    for (const [j, seed] of request.seeds.entries()) expectNaive(request, seed, responses![j]!, 1);
  });

  it("says the plain model's likeliest tokens at temperature 0", async () => {
    const responses = await sample(fresh(), requests, greedy);
    for (const [i, request] of requests.entries())
      for (const [j, seed] of request.seeds.entries()) expectNaive(request, seed, responses[i]![j]!, 0);
  });

  it("ends at a stop token, which it keeps, or at the limit", async () => {
    const responses = (await sample(fresh(), requests, drawn)).flat();
    expect(new Set(responses.map(({ finish }) => finish))).toEqual(new Set(["stop", "length"]));
    for (const { tokens, logprobs, finish } of responses) {
      expect(logprobs).toHaveLength(tokens.length);
      expect(tokens.indexOf(stopId)).toBe(finish === "stop" ? tokens.length - 1 : -1);
      if (finish === "length") expect(tokens).toHaveLength(drawn.maxNewTokens);
    }
  });

  it("gives the same bytes with a cold, a warm and an ever evicted cache", async () => {
    const sampler = fresh();
    const cold = await sample(sampler, requests, drawn);
    expect(await sample(sampler, requests, drawn)).toEqual(cold);
    expect(await sample(fresh(standardLimits, 0), requests, drawn)).toEqual(cold);
    const oneBlock = 64 * config.kvHeads * config.headSize * 2 * 4 * config.layers;
    expect(await sample(fresh(standardLimits, oneBlock), requests, drawn)).toEqual(cold);
  });

  it("gives a continued conversation the same bytes whether its first turn was sampled here or not", async () => {
    const [first] = requests;
    const sampler = fresh();
    const [[response]] = (await sample(sampler, [first!], drawn)) as [[SampledResponse]];
    const continued = [{ prompt: [...first!.prompt, ...response.tokens, 5, 6, 7], seeds: [21, 22] }];
    expect(await sample(sampler, continued, drawn)).toEqual(await sample(fresh(), continued, drawn));
  });

  it("computes what a request's samples have in common once, and draws for each what it would draw alone", async () => {
    const [{ prompt }] = requests as [SampleRequest];
    const cold = { temperature: 0.4, topP: 1, maxNewTokens: 30 };
    const seeds = [11, 12, 13, 14, 15, 16];
    const tokensOf = (responses: SampledResponse[][]) => responses.flat().map(({ tokens }) => tokens);
    const together = tokensOf(await sample(fresh(), [{ prompt, seeds }], cold));
    const alone = await Promise.all(seeds.map((seed) => sample(fresh(), [{ prompt, seeds: [seed] }], cold)));
    expect(together).toEqual(alone.flatMap(tokensOf));
    const starts = together.map((tokens) => tokens.slice(0, 2).join(" "));
    expect(new Set(starts).size).toBeLessThan(seeds.length);
    expect(new Set(together.map(String)).size).toBeGreaterThan(1);
  });

  it("lets samples wait for free rows and prompts, which changes no token", async () => {
    const wide = await sample(fresh(), requests, drawn);
    const bytesOf = (tokens: number) => config.layers * 2 * config.kvHeads * config.headSize * tokens * 4;
    const roomy = { samples: 5, promptBytes: 2 ** 20, ownBytes: 2 ** 20 };
    for (const limits of [
      { ...roomy, samples: 2 },
      { ...roomy, samples: 1 },
      { ...roomy, promptBytes: 2 * bytesOf(128) },
      { ...roomy, promptBytes: 1 },
      { ...roomy, ownBytes: 3 * bytesOf(96) },
      { ...roomy, ownBytes: 1 },
    ]) {
      const narrow = await sample(fresh(limits), requests, drawn);
      expect(narrow.map((group) => group.map(({ tokens }) => tokens))).toEqual(
        wide.map((group) => group.map(({ tokens }) => tokens)),
      );
    }
  });

  it("draws from the nucleus only where topP is below 1, and records the whole distribution's values", async () => {
    const options = { temperature: 0.7, topP: 0.5, maxNewTokens: 20 };
    const responses = await sample(fresh(), requests, options);
    for (const [i, { prompt }] of requests.entries()) {
      for (const { tokens, logprobs } of responses[i]!) {
        for (const [index, token] of tokens.entries()) {
          const logp = tempered(nextLogProbabilities(weights, [...prompt, ...tokens.slice(0, index)]), 0.7);
          const likelier = logp.filter((value) => value > logp[token]!);
          expect(likelier.reduce((sum, value) => sum + Math.exp(value), 0)).toBeLessThan(0.5);
          expect(Math.abs(logprobs[index]! - logp[token]!)).toBeLessThan(1e-4);
        }
      }
    }
  });

  it("draws among the topK likeliest only, and records the whole distribution's values", async () => {
    const options = { temperature: 1, topP: 1, topK: 3, maxNewTokens: 20 };
    const responses = await sample(fresh(), requests, options);
    const ranks = new Set<number>();
    for (const [i, { prompt }] of requests.entries()) {
      for (const { tokens, logprobs } of responses[i]!) {
        for (const [index, token] of tokens.entries()) {
          const logp = nextLogProbabilities(weights, [...prompt, ...tokens.slice(0, index)]);
          ranks.add(logp.filter((value) => value > logp[token]!).length);
          expect(Math.abs(logprobs[index]! - logp[token]!)).toBeLessThan(1e-4);
        }
      }
    }
    expect([...ranks].sort()).toEqual([0, 1, 2]);
  });

  it("ends with the token that completes a stop string, and draws until there what it draws without", async () => {
    // Token i says the i-th letter, and the last ones two letters.
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const texts = Array.from(
      { length: config.vocabularySize },
      (_, id) => letters[id] ?? letters.slice(id - 26, id - 24),
    );
    const lettered = { ...policy, tokenBytes: texts.map((text) => Buffer.from(text)) };
    const free = (await sample(fresh(), requests, drawn)).flat();
    const stop = ["e", "zzz", "ab"];
    const stopped = await sampleShard(fresh(), lettered, requests, { ...drawn, stop }, () => {});
    const ends = stopped.flat().map(({ tokens, logprobs, finish }, i) => {
      expect(tokens).toEqual(free[i]!.tokens.slice(0, tokens.length));
      expect(logprobs).toHaveLength(tokens.length);
      const said = tokens.map((token) => texts[token]).join("");
      const before = tokens
        .slice(0, -1)
        .map((token) => texts[token])
        .join("");
      expect(stop.some((text) => before.includes(text))).toBe(false);
      const ended = tokens.at(-1) === stopId || stop.some((text) => said.includes(text));
      expect(finish).toBe(ended ? "stop" : "length");
      return tokens.at(-1) === stopId ? "token" : ended ? "string" : "length";
    });
    expect(ends).toContain("string");
  });

  it("draws at the least temperature what is likeliest, and at the highest anything", async () => {
    const cold = await sample(fresh(), requests, { ...drawn, temperature: leastTemperature });
    const cut = await sample(fresh(), requests, { ...greedy, maxNewTokens: drawn.maxNewTokens });
    expect(cold.map(([first]) => first!.tokens)).toEqual(cut.map(([first]) => first!.tokens));
    const hot = (await sample(fresh(), requests, { ...drawn, temperature: 1e30 })).flat();
    const uniform = -Math.log(config.vocabularySize);
    for (const { logprobs } of hot) for (const logprob of logprobs) expect(logprob).toBeCloseTo(uniform, 5);
  });

  it("tells its progress block by block and token by token, up to the whole", async () => {
    const heard: string[] = [];
    await sampleShard(fresh(), policy, requests.slice(0, 1), greedy, ({ unit, count, total }) =>
      heard.push(`${unit} ${count}/${total}`),
    );
    expect(heard.slice(0, 2)).toEqual(["prompt blocks 1/1", "tokens 3/36"]);
    expect(heard.at(-1)).toBe("tokens 36/36");
  });

  it("has nothing to say to no requests, and to a request without seeds", async () => {
    expect(await sample(fresh(), [], drawn)).toEqual([]);
    expect(await sample(fresh(), [{ prompt: [1, 2], seeds: [] }], drawn)).toEqual([[]]);
  });

  it("refuses a prompt over the context with the count, before any work", async () => {
    const long = [...requests, { prompt: prompt(246, 5), seeds: [1] }];
    await expect(sample(fresh(), long, { ...drawn, maxNewTokens: 11 })).rejects.toThrow(
      "requests[4].prompt has 246 tokens, and with maxNewTokens 11 that is 257, over the policy's context of 256; shorten the conversation, offer fewer tools or lower maxNewTokens",
    );
    expect(await sample(fresh(), long, { ...drawn, maxNewTokens: 10 })).toHaveLength(5);
  });

  it("refuses what cannot be sampled, naming the field", async () => {
    const one = [{ prompt: [1], seeds: [1] }];
    await expect(sample(fresh(), [{ prompt: [], seeds: [1] }], drawn)).rejects.toThrow(
      "requests[0].prompt is empty",
    );
    await expect(sample(fresh(), [{ prompt: [30], seeds: [1] }], drawn)).rejects.toThrow(
      "requests[0].prompt is 30; it must be ids below 30",
    );
    await expect(sample(fresh(), one, { ...drawn, topP: 0 })).rejects.toThrow("topP is 0");
    await expect(sample(fresh(), one, { ...drawn, topK: 0 })).rejects.toThrow(
      "topK is 0; it must be 1 or more",
    );
    await expect(sample(fresh(), one, { ...drawn, stop: ["a", ""] })).rejects.toThrow("stop is ''");
    await expect(sample(fresh(), one, { ...drawn, temperature: -1 })).rejects.toThrow("temperature is -1");
    // 1 / 1e-39 is beyond float32, and of its infinities nothing could be drawn but the last token.
    await expect(sample(fresh(), one, { ...drawn, temperature: 1e-39 })).rejects.toThrow(
      "temperature is 1e-39; it must be 0, which is greedy, or at least 1e-30",
    );
    await expect(sample(fresh(), one, { ...drawn, maxNewTokens: 0 })).rejects.toThrow("maxNewTokens is 0");
  });

  it("refuses weights that diverged instead of sampling from them", async () => {
    const broken = randomWeights(config, 7);
    broken.arena.fill(Number.NaN);
    for (const options of [drawn, greedy, { ...drawn, topP: 0.9 }, { ...drawn, temperature: 1 }])
      await expect(
        sampleShard(fresh(), samplingPolicy("b", broken, []), requests, options, () => {}),
      ).rejects.toThrow("its weights have diverged");
  });
});
