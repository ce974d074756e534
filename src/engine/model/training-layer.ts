/**
 * A layer's two training graphs: forward, and backward, which either takes what the forward one kept, the results of its
 * large products, or computes them again (one layer's worth of memory, an eighth more processor time: docs/log.md). Queries run in blocks of rows, each against just the keys that
 * some row of the block sees, so a packed tree costs what its branches cost and not its length squared.
 */
import type { LoraSettings } from "../../core/ports/policy.ts";
import { gradients } from "../autodiff/gradients.ts";
import { createGraph, type Graph, type Tensor } from "../graph/graph.ts";
import { attention } from "../ops/attention.ts";
import { concat, gather, split } from "../ops/layout.ts";
import type { RotaryTensors } from "../ops/rope.ts";
import type { GraphSource } from "../runtime/session.ts";
import { loraScale } from "./adapter.ts";
import type { LlamaConfig } from "./config.ts";
import {
  type Attend,
  adapterInputs,
  foldQueries,
  type LayerTensors,
  layerInputs,
  llamaLayer,
  splitHeads,
  unfoldQueries,
} from "./layer.ts";

/** The sizes that a pack's layer graphs are built for; equal shapes share sessions. */
export interface PackShape {
  /** Tokens with padding. */
  readonly tokens: number;
  /** Rows of each block of queries; their sum is `tokens`. */
  readonly blockRows: readonly number[];
  /** Keys that each block sees, with padding. */
  readonly blockKeys: readonly number[];
}

/** What a layer's graphs are made for. `keeps`: the forward graph returns `kept<i>`, and the backward one takes them. */
export interface LayerPass {
  readonly config: LlamaConfig;
  readonly shape: PackShape;
  readonly lora: LoraSettings | undefined;
  readonly keeps: boolean;
}

/**
 * x [T, hidden], weights, the adapter's matrices where there is one, cos and sin [T, D / 2] of each token's position, keys
 * and masks -> y [T, hidden].
 */
export function layerForwardGraph({ config, shape, lora, keeps }: LayerPass): GraphSource {
  return {
    key: graphKey("layer-forward", { config, shape, lora, keeps }),
    build: () => {
      const g = createGraph();
      const { y, products } = trainingLayer(g, config, shape, lora);
      g.output("y", y);
      if (keeps) for (const [i, product] of products.entries()) g.output(keptName(i), product);
      return g.encode();
    },
  };
}

/** The forward inputs and dy [T, hidden] -> dx, and `d:NAME` for each of the layer's parameters, or the adapter's alone. */
export function layerBackwardGraph({ config, shape, lora, keeps }: LayerPass): GraphSource {
  return {
    key: graphKey("layer-backward", { config, shape, lora, keeps }),
    build: () => {
      const g = createGraph();
      const { x, trained, y, products } = trainingLayer(g, config, shape, lora);
      if (keeps) for (const [i, product] of products.entries()) g.feed(keptName(i), product);
      const seed = { tensor: y, gradient: g.input("dy", y.shape) };
      const [dx, ...dWeights] = gradients(g, [seed], [x, ...trained.values()]);
      g.output("dx", dx!);
      for (const [index, name] of [...trained.keys()].entries()) g.output(`d:${name}`, dWeights[index]!);
      return g.encode();
    },
  };
}

const keptName = (index: number) => `kept${index}`;

/** Bytes of what one layer's forward pass keeps. */
export function keptBytesOf(config: LlamaConfig, shape: PackShape, lora: LoraSettings | undefined): number {
  const { products } = trainingLayer(createGraph(), config, shape, lora);
  return products.reduce((sum, { shape: sizes }) => sum + 4 * sizes.reduce((all, size) => all * size, 1), 0);
}

/** Results of the layer's products that its gradient needs: all but the last projection's, which is only added. */
const productsOf = (g: Graph, last: Tensor): Tensor[] =>
  g.calls
    .filter(
      ({ operation, inputs }) =>
        operation === "attention" || (operation === "linear" && inputs[1]!.name !== last.name),
    )
    .map(({ outputs }) => outputs[0]!);

function trainingLayer(g: Graph, config: LlamaConfig, shape: PackShape, lora: LoraSettings | undefined) {
  const { tokens } = shape;
  const x = g.input("x", [tokens, config.hiddenSize]);
  const weights = layerInputs(g, config);
  const adapter: LayerTensors = lora ? adapterInputs(g, config, lora) : new Map();
  const scale = lora ? loraScale(lora) : 1;
  // The tables hold one row per token, so a pack may be longer than the context that its branches fit into.
  const rows = BigInt64Array.from({ length: tokens }, (_, i) => BigInt(i));
  const rotary: RotaryTensors = {
    positions: g.constant(rows, [1, tokens]),
    cos: g.input("cos", [tokens, config.headSize / 2]),
    sin: g.input("sin", [tokens, config.headSize / 2]),
  };
  const all = new Map([...weights, ...adapter]);
  const y = llamaLayer(g, config, x, all, rotary, attendInBlocks(g, config, shape), scale);
  const products = productsOf(g, weights.get("mlp.down_proj.weight")!);
  return { x, trained: lora ? adapter : weights, y, products };
}

/** Block i of queries sees the tokens `keys<i>` (indices [K], distinct) under `mask<i>` [R, K]. */
function attendInBlocks(g: Graph, config: LlamaConfig, { blockRows, blockKeys }: PackShape): Attend {
  return (q, k, v) => {
    const blocks = split(g, q, blockRows, 0).map((rows, i): Tensor => {
      const keys = g.input(`keys${i}`, [blockKeys[i]!], "int64");
      const mask = g.input(`mask${i}`, [blockRows[i]!, blockKeys[i]!]);
      const tensors = {
        q: foldQueries(g, rows, config),
        k: splitHeads(g, gather(g, k, keys), config.kvHeads),
        v: splitHeads(g, gather(g, v, keys), config.kvHeads),
        mask,
      };
      return unfoldQueries(g, attention(g, tensors, config.headSize ** -0.5), config);
    });
    return concat(g, blocks, 0);
  };
}

const graphKey = (kind: string, { config, shape, lora, keeps }: LayerPass) =>
  `${kind} ${JSON.stringify(config)} ${JSON.stringify(shape)} ${JSON.stringify(lora)} ${keeps ? "kept" : "recomputed"}`;
