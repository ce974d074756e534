/** A policy ready to be sampled: its weights as tensors over their arena, made once and fed to every run. */
import type { LlamaConfig } from "../model/config.ts";
import { ropeTables } from "../model/rope-tables.ts";
import {
  embeddingName,
  finalNormName,
  headName,
  layerPrefix,
  layerShapes,
  tensorOf,
  type Weights,
} from "../model/weights.ts";
import { type Feeds, f32 } from "../runtime/session.ts";

export interface SamplingPolicy {
  /** Content hash of the weights' artifact: what cached prompt blocks are kept under. */
  readonly hash: string;
  readonly config: LlamaConfig;
  /** Any of these ends a response. */
  readonly stopIds: readonly number[];
  /** By token id, the bytes it stands for: what stop strings are found in, and needed for nothing else. */
  readonly tokenBytes?: readonly Uint8Array[] | undefined;
  /** [vocabulary, hidden] */
  readonly embedding: Float32Array;
  /** Parameters by short name and the rotary tables, layer by layer. */
  readonly layers: readonly Feeds[];
  readonly head: Feeds;
}

export function samplingPolicy(hash: string, weights: Weights, stopIds: readonly number[]): SamplingPolicy {
  const { config } = weights;
  const { cos, sin, shape } = ropeTables(config);
  const rotary = { cos: f32(cos, shape), sin: f32(sin, shape) };
  const tensor = (name: string) => {
    const { data, shape } = tensorOf(weights, name);
    return f32(data, shape);
  };
  const layers = Array.from({ length: config.layers }, (_, layer) => ({
    ...rotary,
    ...Object.fromEntries(
      [...layerShapes(config).keys()].map((name) => [name, tensor(layerPrefix(layer) + name)]),
    ),
  }));
  const head = Object.fromEntries([finalNormName, headName(config)].map((name) => [name, tensor(name)]));
  return { hash, config, stopIds, embedding: tensorOf(weights, embeddingName).data, layers, head };
}

/** Rows of the embedding matrix, [tokens, hidden]: the input of the first layer. */
export function embed(
  { embedding, config: { hiddenSize } }: SamplingPolicy,
  tokens: readonly number[],
): Float32Array {
  const x = new Float32Array(tokens.length * hiddenSize);
  for (const [row, token] of tokens.entries())
    x.set(embedding.subarray(token * hiddenSize, (token + 1) * hiddenSize), row * hiddenSize);
  return x;
}
