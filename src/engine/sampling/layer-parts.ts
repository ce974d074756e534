/**
 * What prefill and decoding share of a decoder layer: all of it but attention. Weights stand on the left of every
 * product (y^T = W x^T), because ONNX Runtime packs the right operand anew in each run: with few rows that costs more
 * than the product itself (16 rows of SmolLM2-135M on 2 cores of an EPYC 7003: 36 ms against 50 ms a step).
 */
import type { Graph, Tensor } from "../graph/graph.ts";
import type { LlamaConfig, Projection } from "../model/config.ts";
import { headNorm, type LayerTensors, layerInputs, withBias } from "../model/layer.ts";
import { add } from "../ops/elementwise.ts";
import { transpose } from "../ops/layout.ts";
import { rmsNorm } from "../ops/normalize.ts";
import { matmul } from "../ops/products.ts";
import { type RotaryTensors, rope } from "../ops/rope.ts";
import { swiglu } from "../ops/swiglu.ts";

export interface LayerStart {
  readonly x: Tensor;
  readonly weights: LayerTensors;
  /** [rows, heads * D], positions turned in. */
  readonly q: Tensor;
  /** [rows, kvHeads * D], positions turned in. */
  readonly k: Tensor;
  /** [rows, kvHeads * D] */
  readonly v: Tensor;
}

const weight = (weights: LayerTensors, name: string) => weights.get(`${name}.weight`)!;

/** w [out, in], x [rows, in] -> [out, rows]. */
const productColumns = (g: Graph, w: Tensor, x: Tensor) => matmul(g, w, x, { transB: true });

/** w [out, in], x [rows, in] -> [rows, out]. */
export const product = (g: Graph, w: Tensor, x: Tensor) => transpose(g, productColumns(g, w, x), [1, 0]);

/** Declares x [rows, hidden], the layer's weights, `positions` [1, rows] and the rotary tables; projects x. */
export function startLayer(g: Graph, config: LlamaConfig, rows: number): LayerStart {
  const x = g.input("x", [rows, config.hiddenSize]);
  const weights = layerInputs(g, config);
  const table = [config.contextTokens, config.headSize / 2];
  const rotary: RotaryTensors = {
    positions: g.input("positions", [1, rows], "int64"),
    cos: g.input("cos", table),
    sin: g.input("sin", table),
  };
  const normed = rmsNorm(g, x, weight(weights, "input_layernorm"), config.rmsNormEpsilon);
  const turned = (name: "q" | "k", heads: number) => {
    const projected = project(g, weights, `${name}_proj`, normed);
    return rope(g, headNorm(g, config, weights, `${name}_norm`, projected), rotary, heads);
  };
  return {
    x,
    weights,
    q: turned("q", config.heads),
    k: turned("k", config.kvHeads),
    v: project(g, weights, "v_proj", normed),
  };
}

/** One of the attention's projections of x [rows, in] -> [rows, out], with its bias where it has one. */
const project = (g: Graph, weights: LayerTensors, name: Projection, x: Tensor) =>
  withBias(g, weights, name, product(g, weight(weights, `self_attn.${name}`), x));

/** The rest after attention: `attended` [rows, heads * D] -> the layer's result [rows, hidden]. */
export function finishLayer(
  g: Graph,
  config: LlamaConfig,
  { x, weights }: LayerStart,
  attended: Tensor,
): Tensor {
  const middle = add(g, x, project(g, weights, "o_proj", attended));
  const normed = rmsNorm(g, middle, weight(weights, "post_attention_layernorm"), config.rmsNormEpsilon);
  // Gate and up stay [intermediate, rows]: the way `down` wants them, without two transposes.
  const gate = productColumns(g, weight(weights, "mlp.gate_proj"), normed);
  const up = productColumns(g, weight(weights, "mlp.up_proj"), normed);
  const down = matmul(g, weight(weights, "mlp.down_proj"), swiglu(g, gate, up));
  return add(g, middle, transpose(g, down, [1, 0]));
}
