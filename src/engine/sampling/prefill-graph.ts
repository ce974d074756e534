/**
 * One layer over one block of a prompt. The graph's shapes depend on the block's place in the prompt and on nothing
 * else, so a block's keys and values are a function of the tokens up to it, whoever asks and whatever was cached.
 */
import { createGraph, type Graph, type Tensor } from "../graph/graph.ts";
import type { LlamaConfig } from "../model/config.ts";
import { foldQueries, splitHeads, unfoldQueries } from "../model/layer.ts";
import { attention, hidden } from "../ops/attention.ts";
import { concat } from "../ops/layout.ts";
import type { GraphSource } from "../runtime/session.ts";
import { finishLayer, startLayer } from "./layer-parts.ts";

export interface PrefillShape {
  /** Blocks before this one. */
  readonly block: number;
  readonly blockTokens: number;
  /** The last layer's result is not wanted, only its keys and values. */
  readonly last: boolean;
}

/**
 * x [T, hidden], `keys<i>` and `values<i>` [kvHeads, T, D] of the earlier blocks -> y [T, hidden] unless `last`, and this
 * block's `keys` and `values` [kvHeads, T, D]; T is `blockTokens`.
 */
export function prefillGraph(config: LlamaConfig, shape: PrefillShape): GraphSource {
  return {
    key: `prefill ${JSON.stringify(config)} ${JSON.stringify(shape)}`,
    build: () => {
      const { block, blockTokens, last } = shape;
      const g = createGraph();
      const start = startLayer(g, config, blockTokens);
      const keys = splitHeads(g, start.k, config.kvHeads);
      const values = splitHeads(g, start.v, config.kvHeads);
      const earlier = (name: string) =>
        Array.from({ length: block }, (_, i) => g.input(`${name}${i}`, keys.shape));
      const seen = {
        q: foldQueries(g, start.q, config),
        k: concat(g, [...earlier("keys"), keys], 1),
        v: concat(g, [...earlier("values"), values], 1),
        mask: causalMask(g, block * blockTokens, blockTokens),
      };
      const attended = unfoldQueries(g, attention(g, seen, config.headSize ** -0.5), config);
      if (!last) g.output("y", finishLayer(g, config, start, attended));
      g.output("keys", keys);
      g.output("values", values);
      return g.encode();
    },
  };
}

/** [rows, past + rows]: row r sees all that is past and the rows up to itself. */
function causalMask(g: Graph, past: number, rows: number): Tensor {
  const mask = new Float32Array(rows * (past + rows));
  for (let row = 0; row < rows; row++)
    mask.fill(hidden, row * (past + rows) + past + row + 1, (row + 1) * (past + rows));
  return g.constant(mask, [rows, past + rows]);
}
