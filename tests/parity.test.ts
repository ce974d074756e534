/**
 * The engine against transformers in float32 on the same GGUF: logits of the training layers, greedy text and
 * log-probabilities of the sampler. The weights themselves are held to a hash that transformers' own loader confirmed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampledResponse } from "../src/core/ports/policy.ts";
import { readWeights } from "../src/engine/formats/checkpoint.ts";
import { createGraph } from "../src/engine/graph/graph.ts";
import { ropeTables } from "../src/engine/model/rope-tables.ts";
import { layerForwardGraph } from "../src/engine/model/training-layer.ts";
import {
  embeddingName,
  finalNormName,
  headName,
  layerPrefix,
  layerShapes,
  tensorOf,
  type Weights,
} from "../src/engine/model/weights.ts";
import { rmsNorm } from "../src/engine/ops/normalize.ts";
import { linear } from "../src/engine/ops/products.ts";
import { f32, type HostTensor, i64, Runtime } from "../src/engine/runtime/session.ts";
import { BlockCache } from "../src/engine/sampling/block-cache.ts";
import { standardLimits } from "../src/engine/sampling/limits.ts";
import { samplingPolicy } from "../src/engine/sampling/policy.ts";
import { sampleShard } from "../src/engine/sampling/sample.ts";
import { createChatCodec } from "../src/engine/tokenizer/codec.ts";
import { golden, smolLM2Folder, withoutSmolLM2 } from "./parity-policy.ts";

interface LogitsGoldens {
  readonly prompts: readonly {
    readonly prompt: number[];
    readonly greedy: number[];
    readonly greedyLogprobs: number[];
    /** The twelve largest logits at some positions of prompt and greedy text. */
    readonly positions: readonly {
      readonly position: number;
      readonly ids: number[];
      readonly logits: number[];
      readonly logSumExp: number;
    }[];
  }[];
}

const { prompts } = golden<LogitsGoldens>("smollm2-logits.json");

/** Largest difference between two lists of numbers. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

const logSumExp = (row: Float32Array) => {
  const max = row.reduce((most, value) => Math.max(most, value));
  return max + Math.log(row.reduce((sum, value) => sum + Math.exp(value - max), 0));
};

describe.skipIf(withoutSmolLM2())("the engine on SmolLM2-135M-Instruct", () => {
  const runtime = new Runtime({ threads: 2, provider: "cpu", sessionCapacity: 16 });
  let weights: Weights;
  let folder: string;
  /** Logits of prompt and greedy text, row by row. */
  let logits: Float32Array[][];
  let responses: SampledResponse[];

  beforeAll(async () => {
    folder = await smolLM2Folder();
    weights = await readWeights(folder);
    logits = [];
    for (const { prompt, greedy } of prompts)
      logits.push(await logitsOf(runtime, weights, [...prompt, ...greedy]));
    const { stopIds } = await createChatCodec(folder);
    const sampler = { runtime, cache: new BlockCache(2 ** 28), limits: standardLimits };
    const sampled = await sampleShard(
      sampler,
      samplingPolicy("smollm2", weights, stopIds),
      prompts.map(({ prompt }) => ({ prompt, seeds: [0] })),
      { temperature: 0, topP: 1, maxNewTokens: 32 },
      () => {},
    );
    responses = sampled.map(([response]) => response!);
  });
  afterAll(() => runtime.release());

  it("gives the logits of transformers within 1e-3", () => {
    for (const [i, { positions }] of prompts.entries())
      for (const { position, ids, logits: expected, logSumExp: total } of positions) {
        const row = logits[i]![position]!;
        expect(
          difference(
            ids.map((id) => row[id]!),
            expected,
          ),
          `prompt ${i}, position ${position}`,
        ).toBeLessThan(1e-3);
        // Holds every logit of the row to the reference, not only the largest.
        expect(Math.abs(logSumExp(row) - total)).toBeLessThan(1e-3);
      }
  });

  it("says greedily what transformers says", async () => {
    const { decode } = await createChatCodec(folder);
    expect(responses.map(({ tokens }) => tokens)).toEqual(prompts.map(({ greedy }) => greedy));
    expect(decode(responses[2]!.tokens)).toBe("The capital of France is Paris.");
  });

  it("samples with the log-probabilities of transformers within 1e-3", () => {
    for (const [i, { greedyLogprobs }] of prompts.entries())
      expect(difference(responses[i]!.logprobs, greedyLogprobs), `prompt ${i}`).toBeLessThan(1e-3);
  });

  it("trains on the log-probabilities that were sampled, within 1e-4", () => {
    for (const [i, { prompt, greedy }] of prompts.entries()) {
      const seen = greedy.map((token, t) => {
        const row = logits[i]![prompt.length - 1 + t]!;
        return row[token]! - logSumExp(row);
      });
      expect(difference(responses[i]!.logprobs, seen), `prompt ${i}`).toBeLessThan(1e-4);
    }
  });
});

/** [T][V]: the training layers over one causal sequence, and the head without a loss. */
async function logitsOf(runtime: Runtime, weights: Weights, ids: readonly number[]): Promise<Float32Array[]> {
  const { config } = weights;
  const tokens = ids.length;
  const tables = ropeTables(config);
  const host = (name: string) => {
    const { data, shape } = tensorOf(weights, name);
    return f32(data, shape);
  };
  // One row per token; in one sequence from the start, the first rows are those.
  const perToken = (table: Float32Array) =>
    f32(table.subarray(0, tokens * tables.shape[1]!), [tokens, tables.shape[1]!]);
  const indices = BigInt64Array.from(ids, (_, i) => BigInt(i));
  const mask = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -1e9 : 0,
  );
  const shared = {
    positions: i64(indices, [1, tokens]),
    cos: perToken(tables.cos),
    sin: perToken(tables.sin),
    keys0: i64(indices, [tokens]),
    mask0: f32(mask, [tokens, tokens]),
  };
  const embedding = tensorOf(weights, embeddingName).data;
  const { hiddenSize, vocabularySize } = config;
  const rows = ids.flatMap((id) => [...embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize)]);
  let x: HostTensor = f32(Float32Array.from(rows), [tokens, hiddenSize]);
  const layer = layerForwardGraph({
    config,
    shape: { tokens, blockRows: [tokens], blockKeys: [tokens] },
    lora: undefined,
    keeps: false,
  });
  for (let i = 0; i < config.layers; i++) {
    const parameters = [...layerShapes(config).keys()].map(
      (name) => [name, host(layerPrefix(i) + name)] as const,
    );
    x = (await runtime.run(layer, { ...Object.fromEntries(parameters), ...shared, x })).y!;
  }
  const head = {
    key: `logits ${tokens}`,
    build: () => {
      const g = createGraph();
      const normed = rmsNorm(
        g,
        g.input("x", [tokens, hiddenSize]),
        g.input("norm", [hiddenSize]),
        config.rmsNormEpsilon,
      );
      g.output("logits", linear(g, normed, g.input("head", [vocabularySize, hiddenSize])));
      return g.encode();
    },
  };
  const { logits } = await runtime.run(head, { x, norm: host(finalNormName), head: host(headName(config)) });
  const all = logits!.data as Float32Array;
  return ids.map((_, i) => all.subarray(i * vocabularySize, (i + 1) * vocabularySize));
}
