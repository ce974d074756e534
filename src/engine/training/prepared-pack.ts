/** A pack made ready to run: its attention plan, and the feeds that every layer's graph takes beside x and weights. */
import type { LlamaConfig } from "../model/config.ts";
import type { RopeTables } from "../model/rope-tables.ts";
import type { PackShape } from "../model/training-layer.ts";
import { type Feeds, f32, type HostTensor, i64 } from "../runtime/session.ts";
import { planAttention } from "./attention-plan.ts";
import type { Pack } from "./pack.ts";

export interface PreparedPack {
  readonly pack: Pack;
  readonly shape: PackShape;
  readonly feeds: Feeds;
}

export function preparePack(pack: Pack, tables: RopeTables): PreparedPack {
  const { shape, blocks } = planAttention(pack);
  const feeds: Record<string, HostTensor> = {
    cos: perToken(tables.cos, pack, tables, shape),
    sin: perToken(tables.sin, pack, tables, shape),
  };
  for (const [i, { keys, mask }] of blocks.entries()) {
    feeds[`keys${i}`] = i64(keys, [keys.length]);
    feeds[`mask${i}`] = f32(mask, [shape.blockRows[i]!, keys.length]);
  }
  return { pack, shape, feeds };
}

/** The table's row for each token's position, [tokens, D / 2]; zeros for padding. */
function perToken(
  table: Float32Array,
  { positions }: Pack,
  { shape: [, half] }: RopeTables,
  { tokens }: PackShape,
) {
  const rows = new Float32Array(tokens * half);
  for (const [node, position] of positions.entries()) {
    rows.set(table.subarray(position * half, (position + 1) * half), node * half);
  }
  return f32(rows, [tokens, half]);
}

/** The tokens' embeddings, [tokens, hidden], rows of zeros for padding. */
export function embed({ pack, shape }: PreparedPack, config: LlamaConfig, embedding: Float32Array) {
  const width = config.hiddenSize;
  const x = new Float32Array(shape.tokens * width);
  for (const [node, token] of pack.tokens.entries()) {
    x.set(embedding.subarray(token * width, (token + 1) * width), node * width);
  }
  return x;
}

/** Adds dL/dx of each token to its row of the embedding's gradient, in the order of nodes. */
export function addEmbeddingGradient(
  { pack }: PreparedPack,
  config: LlamaConfig,
  dx: Float32Array,
  gradient: Float32Array,
): void {
  const width = config.hiddenSize;
  for (const [node, token] of pack.tokens.entries()) {
    for (let i = 0; i < width; i++) gradient[token * width + i]! += dx[node * width + i]!;
  }
}
