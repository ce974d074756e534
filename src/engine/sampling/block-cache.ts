/**
 * Prompt blocks by content: the policy's hash and the tokens from the prompt's start to the block's end. A hit, a miss
 * and an evicted block give the same bytes, because a block is computed in one way only (`prefill-graph.ts`).
 */
import { createHash } from "node:crypto";
import { totalmem } from "node:os";
import type { KeysAndValues } from "./key-value-slots.ts";

/**
 * Kept where nothing else is asked: an eighth of the memory; at 24 GB about 65,000 prompt tokens of a 135M-parameter Llama,
 * 46 KB each. Shards take turns, so once their trajectories outgrow it together, each turn finds all of its blocks gone.
 */
export const standardCacheBytes = Math.floor(
  Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 8,
);

/** Keys and values of one block of a prompt, layer by layer. */
export type PromptBlock = readonly KeysAndValues[];

export class BlockCache {
  readonly #byteLimit: number;
  /** In order of use, the oldest first. */
  readonly #blocks = new Map<string, { readonly policy: string; readonly block: PromptBlock }>();
  #bytes = 0;

  constructor(byteLimit: number) {
    this.#byteLimit = byteLimit;
  }

  get(key: string): PromptBlock | undefined {
    const known = this.#blocks.get(key);
    if (known === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, known);
    return known.block;
  }

  /** Keeps a block until the least recently used ones have to make room. */
  put(policy: string, key: string, block: PromptBlock): void {
    this.#remove(key);
    this.#blocks.set(key, { policy, block });
    this.#bytes += byteLength(block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes <= this.#byteLimit) break;
      this.#remove(oldest);
    }
  }

  /** Drops the blocks of every other policy: training makes a new one in each iteration, and no old one is asked again. */
  keepOnly(policies: readonly string[]): void {
    for (const [key, { policy }] of this.#blocks) if (!policies.includes(policy)) this.#remove(key);
  }

  #remove(key: string): void {
    const known = this.#blocks.get(key);
    if (known === undefined) return;
    this.#blocks.delete(key);
    this.#bytes -= byteLength(known.block);
  }
}

/** The key of the block that follows `previous` (another block's key, or the policy's hash) and holds these tokens. */
export function blockKey(previous: string, tokens: readonly number[]): string {
  return createHash("sha256").update(previous).update(Int32Array.from(tokens)).digest("hex");
}

const byteLength = (block: PromptBlock) =>
  block.reduce((sum, { keys, values }) => sum + keys.byteLength + values.byteLength, 0);
