/**
 * One layer over the newest token of every row of a batch. Rows of one group share their prompt's keys and values, which
 * are read once per group; each row has its own for what it said since. The graph returns the new keys and values only:
 * the buffers they are written to never pass through ONNX Runtime's outputs.
 */
import { createGraph, type Graph, type Tensor } from "../graph/graph.ts";
import type { LlamaConfig } from "../model/config.ts";
import { add } from "../ops/elementwise.ts";
import { concat, gather, reshape, split } from "../ops/layout.ts";
import { softmax } from "../ops/normalize.ts";
import { matmul } from "../ops/products.ts";
import type { GraphSource } from "../runtime/session.ts";
import { finishLayer, startLayer } from "./layer-parts.ts";

export interface DecodeShape {
  readonly rows: number;
  readonly groups: number;
  /** Rows of the largest group; smaller ones are padded for the product with their prompt. */
  readonly groupRows: number;
  /** Prompt tokens stored per group, padded; 0 where no prompt has any. */
  readonly promptTokens: number;
  /** Tokens stored per row, padded. */
  readonly ownTokens: number;
}

/**
 * x [B, hidden], `promptKeys` and `promptValues` [G * kvHeads, P, D], `ownKeys` and `ownValues` [B * kvHeads, R, D],
 * `mask` [B, 1, 1, P + R + 1], and where P > 0 the folds `toGroups` [G * kvHeads * S] and `toRows` [B * kvHeads]
 * (`foldGroups`) -> y [B, hidden], `keys` and `values` [B * kvHeads, 1, D].
 */
export function decodeGraph(config: LlamaConfig, shape: DecodeShape): GraphSource {
  return {
    key: `decode ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const g = createGraph();
      const { rows } = shape;
      const start = startLayer(g, config, rows);
      const heads = rows * config.kvHeads;
      const q = reshape(g, start.q, [heads, config.heads / config.kvHeads, config.headSize]);
      const keys = reshape(g, start.k, [heads, 1, config.headSize]);
      const values = reshape(g, start.v, [heads, 1, config.headSize]);
      const attended = attend(g, config, shape, q, keys, values);
      g.output("y", finishLayer(g, config, start, reshape(g, attended, start.q.shape)));
      g.output("keys", keys);
      g.output("values", values);
      return g.encode();
    },
  };
}

/** One softmax over prompt, own past and the token itself: q [B * kvHeads, g, D] -> the same shape. */
function attend(
  g: Graph,
  config: LlamaConfig,
  shape: DecodeShape,
  q: Tensor,
  keys: Tensor,
  values: Tensor,
): Tensor {
  const { rows, promptTokens, ownTokens } = shape;
  const [heads, queries, size] = q.shape as [number, number, number];
  const own = [heads, ownTokens, size];
  const ownKeys = g.input("ownKeys", own);
  const ownValues = g.input("ownValues", own);
  const mask = g.input("mask", [rows, 1, 1, promptTokens + ownTokens + 1]);
  const prompt = promptTokens > 0 ? promptAttention(g, config, shape, queries) : undefined;

  const scale = size ** -0.5;
  const scores = [
    matmul(g, q, ownKeys, { transB: true, scale }),
    matmul(g, q, keys, { transB: true, scale }),
  ];
  if (prompt) scores.unshift(prompt.scores(q));
  const sizes = scores.map((part) => part.shape[2]!);
  const all = concat(g, scores, 2);
  const visible = add(g, reshape(g, all, [rows, config.kvHeads, queries, all.shape[2]!]), mask);
  const parts = split(g, reshape(g, softmax(g, visible), all.shape), sizes, 2);
  const said = add(g, matmul(g, parts.at(-2)!, ownValues), matmul(g, parts.at(-1)!, values));
  return prompt ? add(g, said, prompt.values(parts[0]!)) : said;
}

/**
 * The products with the prompts, computed group by group: rows are gathered into [G * kvHeads, S * g, .], multiplied and
 * scattered back to [B * kvHeads, g, .].
 */
function promptAttention(g: Graph, { kvHeads, headSize }: LlamaConfig, shape: DecodeShape, queries: number) {
  const { rows, groups, groupRows, promptTokens } = shape;
  const toGroups = g.input("toGroups", [groups * kvHeads * groupRows], "int64");
  const toRows = g.input("toRows", [rows * kvHeads], "int64");
  const stored = [groups * kvHeads, promptTokens, headSize];
  const promptKeys = g.input("promptKeys", stored);
  const promptValues = g.input("promptValues", stored);
  const gathered = (x: Tensor) => {
    const width = x.shape[2]!;
    const flat = gather(g, reshape(g, x, [rows * kvHeads, queries * width]), toGroups);
    return reshape(g, flat, [groups * kvHeads, groupRows * queries, width]);
  };
  const scattered = (x: Tensor) => {
    const width = x.shape[2]!;
    const flat = gather(g, reshape(g, x, [groups * kvHeads * groupRows, queries * width]), toRows);
    return reshape(g, flat, [rows * kvHeads, queries, width]);
  };
  const scale = headSize ** -0.5;
  return {
    scores: (q: Tensor) => scattered(matmul(g, gathered(q), promptKeys, { transB: true, scale })),
    values: (weights: Tensor) => scattered(matmul(g, gathered(weights), promptValues)),
  };
}
