/**
 * One decoder layer of a Llama or a relative as graph nodes. What sees what is the caller's: training attends over a tree of tokens, prefill
 * and decoding over caches, all with the same projections, norms and feed-forward block.
 */
import type { LoraSettings } from "../../core/ports/policy.ts";
import type { Graph, Tensor } from "../graph/graph.ts";
import { add } from "../ops/elementwise.ts";
import { reshape, transpose } from "../ops/layout.ts";
import { rmsNorm } from "../ops/normalize.ts";
import { linear, matmul } from "../ops/products.ts";
import { type RotaryTensors, rope } from "../ops/rope.ts";
import { swiglu } from "../ops/swiglu.ts";
import { layerAdapterShapes } from "./adapter.ts";
import type { LlamaConfig, Projection } from "./config.ts";
import { layerShapes } from "./weights.ts";

/** A layer's parameters by name without the layer's prefix, as in `layerShapes`, and those of its adapter. */
export type LayerTensors = ReadonlyMap<string, Tensor>;

/** q [T, heads * D], k and v [T, kvHeads * D], positions already turned in -> [T, heads * D]. */
export type Attend = (q: Tensor, k: Tensor, v: Tensor) => Tensor;

/** Declares a layer's parameters as inputs of the graph, under their short names. */
export function layerInputs(g: Graph, config: LlamaConfig): LayerTensors {
  return new Map([...layerShapes(config)].map(([name, shape]) => [name, g.input(name, shape)] as const));
}

/** Declares the low-rank matrices of a layer's adapter as inputs of the graph. */
export function adapterInputs(g: Graph, config: LlamaConfig, settings: LoraSettings): LayerTensors {
  const shapes = layerAdapterShapes(config, settings);
  return new Map([...shapes].map(([name, shape]) => [name, g.input(name, shape)] as const));
}

/** x [T, hidden] -> [T, hidden]; `scale` is that of the adapter whose matrices are among the weights, if there is one. */
export function llamaLayer(
  g: Graph,
  config: LlamaConfig,
  x: Tensor,
  weights: LayerTensors,
  rotary: RotaryTensors,
  attend: Attend,
  scale: number,
): Tensor {
  const w = (name: string) => weights.get(`${name}.weight`)!;
  const product = (name: string, input: Tensor) =>
    withAdapter(g, weights, name, scale, input, linear(g, input, w(name)));
  const project = (name: Projection, input: Tensor) =>
    withBias(g, weights, name, product(`self_attn.${name}`, input));
  const normed = rmsNorm(g, x, w("input_layernorm"), config.rmsNormEpsilon);
  const q = rope(g, headNorm(g, config, weights, "q_norm", project("q_proj", normed)), rotary, config.heads);
  const k = rope(
    g,
    headNorm(g, config, weights, "k_norm", project("k_proj", normed)),
    rotary,
    config.kvHeads,
  );
  const v = project("v_proj", normed);
  const attended = add(g, x, project("o_proj", attend(q, k, v)));
  const hidden = rmsNorm(g, attended, w("post_attention_layernorm"), config.rmsNormEpsilon);
  const gated = swiglu(g, product("mlp.gate_proj", hidden), product("mlp.up_proj", hidden));
  return add(g, attended, product("mlp.down_proj", gated));
}

/** y [T, out] plus scale * x A^T B^T, where the adapter has matrices for this product: x [T, in], A [rank, in], B [out, rank]. */
function withAdapter(
  g: Graph,
  weights: LayerTensors,
  name: string,
  scale: number,
  x: Tensor,
  y: Tensor,
): Tensor {
  const a = weights.get(`${name}.lora_A.weight`);
  const b = weights.get(`${name}.lora_B.weight`);
  if (a === undefined || b === undefined) return y;
  return add(g, y, matmul(g, linear(g, x, a), b, { transB: true, scale }));
}

/** y [T, out] plus the projection's bias [out], where this model has one. */
export function withBias(g: Graph, weights: LayerTensors, name: Projection, y: Tensor): Tensor {
  const bias = weights.get(`self_attn.${name}.bias`);
  return bias ? add(g, y, bias) : y;
}

/** x [T, h * D], each head normed over its own D values, where this model does that. */
export function headNorm(
  g: Graph,
  { headSize, rmsNormEpsilon }: LlamaConfig,
  weights: LayerTensors,
  name: "q_norm" | "k_norm",
  x: Tensor,
): Tensor {
  const weight = weights.get(`self_attn.${name}.weight`);
  if (weight === undefined) return x;
  const [tokens, width] = x.shape as [number, number];
  const heads = reshape(g, x, [(tokens * width) / headSize, headSize]);
  return reshape(g, rmsNorm(g, heads, weight, rmsNormEpsilon), x.shape);
}

/** x [T, h * D] -> [h, T, D]. */
export function splitHeads(g: Graph, x: Tensor, heads: number): Tensor {
  const [tokens, width] = x.shape;
  return transpose(g, reshape(g, x, [tokens!, heads, width! / heads]), [1, 0, 2]);
}

/** Queries [R, heads * D] as `attention` wants them: [kvHeads, g * R, D], the g heads that share keys in rows. */
export function foldQueries(g: Graph, q: Tensor, { heads, kvHeads, headSize }: LlamaConfig): Tensor {
  const rows = q.shape[0]!;
  return reshape(g, splitHeads(g, q, heads), [kvHeads, (heads / kvHeads) * rows, headSize]);
}

/** The way back from `foldQueries`: [kvHeads, g * R, D] -> [R, heads * D]. */
export function unfoldQueries(g: Graph, o: Tensor, { heads, kvHeads, headSize }: LlamaConfig): Tensor {
  const rows = (o.shape[1]! * kvHeads) / heads;
  return reshape(g, transpose(g, reshape(g, o, [heads, rows, headSize]), [1, 0, 2]), [
    rows,
    heads * headSize,
  ]);
}
