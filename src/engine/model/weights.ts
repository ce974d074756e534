/**
 * A model's parameters in one flat arena: every tensor is a view of it, in the order of `parameterShapes`, so that sums
 * over parameters (gradient norm, AdamW, hashes) always run in the same order. Names and [out, in] layout are those of
 * Hugging Face's safetensors files.
 */
import type { LoraSettings } from "../../core/ports/policy.ts";
import type { LlamaConfig } from "./config.ts";

export interface Parameter {
  readonly shape: readonly number[];
  /** A view of the arena. */
  readonly data: Float32Array;
}

/** Tensors of one arena: weights, an adapter, or a gradient or moment of either. */
export interface Parameters {
  readonly tensors: ReadonlyMap<string, Parameter>;
  readonly arena: Float32Array;
}

/** Low-rank matrices of some of a model's weights, see `adapter.ts`. */
export interface Adapter extends Parameters {
  readonly settings: LoraSettings;
}

export interface Weights extends Parameters {
  readonly config: LlamaConfig;
  /** Added to these weights in training, which are then frozen. */
  readonly adapter?: Adapter;
}

export const embeddingName = "model.embed_tokens.weight";
export const finalNormName = "model.norm.weight";

/** The matrix that turns the last hidden state into logits. */
export const headName = (config: LlamaConfig) => (config.tiedEmbeddings ? embeddingName : "lm_head.weight");

export const layerPrefix = (layer: number) => `model.layers.${layer}.`;

/** Shapes of one layer's parameters, by name without the layer's prefix, in the arena's order. */
export function layerShapes(config: LlamaConfig): ReadonlyMap<string, readonly number[]> {
  const { hiddenSize, intermediateSize } = config;
  const queries = config.heads * config.headSize;
  const keys = config.kvHeads * config.headSize;
  const outputs = { q_proj: queries, k_proj: keys, v_proj: keys, o_proj: hiddenSize };
  const norms = config.queryKeyNorm ? ["q_norm", "k_norm"] : [];
  return new Map<string, readonly number[]>([
    ["input_layernorm.weight", [hiddenSize]],
    ["self_attn.q_proj.weight", [queries, hiddenSize]],
    ["self_attn.k_proj.weight", [keys, hiddenSize]],
    ["self_attn.v_proj.weight", [keys, hiddenSize]],
    ["self_attn.o_proj.weight", [hiddenSize, queries]],
    ...(config.biases ?? []).map((name) => [`self_attn.${name}.bias`, [outputs[name]]] as const),
    ...norms.map((name) => [`self_attn.${name}.weight`, [config.headSize]] as const),
    ["post_attention_layernorm.weight", [hiddenSize]],
    ["mlp.gate_proj.weight", [intermediateSize, hiddenSize]],
    ["mlp.up_proj.weight", [intermediateSize, hiddenSize]],
    ["mlp.down_proj.weight", [hiddenSize, intermediateSize]],
  ]);
}

/** Every parameter's shape by name, in the arena's order. */
export function parameterShapes(config: LlamaConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  shapes.set(embeddingName, [config.vocabularySize, config.hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [name, shape] of layerShapes(config)) shapes.set(layerPrefix(layer) + name, shape);
  }
  shapes.set(finalNormName, [config.hiddenSize]);
  if (!config.tiedEmbeddings) shapes.set(headName(config), [config.vocabularySize, config.hiddenSize]);
  return shapes;
}

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

export const countOf = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0);

/** Gives memory for so many elements. */
export type Allocate = (elements: number) => Float32Array;
const zeros: Allocate = (elements) => new Float32Array(elements);

/** The start of weights to be filled: all zeros, or what the memory held that was given. */
export const emptyWeights = (config: LlamaConfig, allocate = zeros): Weights => ({
  config,
  ...emptyParameters(parameterShapes(config), allocate),
});

/** What is trained: the adapter where there is one, else the weights themselves. */
export const trainedParameters = (weights: Weights): Parameters => weights.adapter ?? weights;

/** All zeros, or what the memory held that was given. */
export function emptyParameters(
  parameters: ReadonlyMap<string, readonly number[]>,
  allocate = zeros,
): Parameters {
  const arena = allocate(countOf(parameters));
  const tensors = new Map<string, Parameter>();
  let offset = 0;
  for (const [name, shape] of parameters) {
    tensors.set(name, { shape, data: arena.subarray(offset, offset + elements(shape)) });
    offset += elements(shape);
  }
  return { tensors, arena };
}

/** Of the same names and shapes; all zeros, or what the memory held that was given. */
export const emptyLike = ({ tensors }: Parameters, allocate = zeros): Parameters =>
  emptyParameters(new Map([...tensors].map(([name, { shape }]) => [name, shape])), allocate);

/** A tensor that must be there: its absence is a bug, because `emptyParameters` made them all. */
export function tensorOf({ tensors }: Parameters, name: string): Parameter {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`there is no tensor '${name}'`);
  return tensor;
}
