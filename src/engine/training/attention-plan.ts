/**
 * Which keys each block of a pack's queries attends to: a node sees itself and its ancestors. Sizes are rounded up so
 * that packs of similar shape share sessions; padding is seen by nobody and sees nothing that matters.
 */
import type { PackShape } from "../model/training-layer.ts";
import { hidden } from "../ops/attention.ts";
import type { Pack } from "./pack.ts";

export interface AttentionBlock {
  /** Nodes seen by some query of the block, then distinct others as padding. */
  readonly keys: BigInt64Array;
  /** [rows, keys]: 0 to see, `hidden` otherwise. */
  readonly mask: Float32Array;
}

export interface AttentionPlan {
  readonly shape: PackShape;
  readonly blocks: readonly AttentionBlock[];
}

/** Tokens and keys are rounded up to a multiple of this. */
export const sizeMultiple = 64;
const queryBlock = 128;

export const roundUp = (size: number, multiple: number) => Math.ceil(size / multiple) * multiple;

export function planAttention({ parents }: Pick<Pack, "parents">): AttentionPlan {
  const tokens = roundUp(parents.length, sizeMultiple);
  const blockRows: number[] = [];
  const blocks: AttentionBlock[] = [];
  for (let start = 0; start < tokens; start += queryBlock) {
    const rows = Math.min(queryBlock, tokens - start);
    blockRows.push(rows);
    blocks.push(planBlock(parents, start, rows, tokens));
  }
  return { shape: { tokens, blockRows, blockKeys: blocks.map(({ keys }) => keys.length) }, blocks };
}

function planBlock(parents: readonly number[], start: number, rows: number, tokens: number): AttentionBlock {
  const nodes = Array.from({ length: Math.min(rows, parents.length - start) }, (_, i) => start + i);
  const seen = new Uint8Array(tokens);
  for (const node of nodes) {
    for (let ancestor = node; ancestor >= 0 && seen[ancestor] === 0; ancestor = parents[ancestor]!) {
      seen[ancestor] = 1;
    }
  }
  const inOrder = (wanted: number) => [...seen.keys()].filter((node) => seen[node] === wanted);
  const visible = inOrder(1);
  const size = roundUp(visible.length, sizeMultiple);
  const keys = [...visible, ...inOrder(0).slice(0, size - visible.length)];
  const columns = new Int32Array(tokens);
  for (const [column, node] of visible.entries()) columns[node] = column;
  const mask = new Float32Array(rows * size).fill(hidden);
  for (const [row, node] of nodes.entries()) {
    for (let ancestor = node; ancestor >= 0; ancestor = parents[ancestor]!) {
      mask[row * size + columns[ancestor]!] = 0;
    }
  }
  return { keys: BigInt64Array.from(keys, BigInt), mask };
}
