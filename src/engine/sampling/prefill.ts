/**
 * A prompt's keys and values, block by block. Whole blocks are looked up in the cache and kept there; what lies beyond
 * the last whole block is computed in a padded block of the same shapes, so each token has the same bytes either way.
 */
import { f32, type HostTensor, i64, type Runtime } from "../runtime/session.ts";
import { type BlockCache, blockKey, type PromptBlock } from "./block-cache.ts";
import { embed, type SamplingPolicy } from "./policy.ts";
import { prefillGraph } from "./prefill-graph.ts";

/**
 * Tokens of one block. Products with more rows are faster (weights of SmolLM2-135M, 2 cores of an EPYC 7003, ms a token:
 * 16 rows 2.3, 32 1.9, 64 1.4, 128 1.4), but a prompt's last block is padded: half a block is lost on each turn.
 */
export const blockTokens = 64;

/** Blocks that cover `tokens`, in order; the last one may be padded. `onBlock` is told after each. */
export async function prefill(
  runtime: Runtime,
  cache: BlockCache,
  policy: SamplingPolicy,
  tokens: readonly number[],
  onBlock: () => void,
): Promise<PromptBlock[]> {
  const blocks: PromptBlock[] = [];
  let key = policy.hash;
  for (let start = 0; start < tokens.length; start += blockTokens) {
    const part = tokens.slice(start, start + blockTokens);
    const whole = part.length === blockTokens;
    key = blockKey(key, part);
    const known = whole ? cache.get(key) : undefined;
    const block = known ?? (await computeBlock(runtime, policy, part, blocks));
    if (whole && known === undefined) cache.put(policy.hash, key, block);
    blocks.push(block);
    onBlock();
  }
  return blocks;
}

async function computeBlock(
  runtime: Runtime,
  policy: SamplingPolicy,
  part: readonly number[],
  earlier: readonly PromptBlock[],
): Promise<PromptBlock> {
  const { config } = policy;
  const padded = [...part, ...new Array<number>(blockTokens - part.length).fill(0)];
  const start = earlier.length * blockTokens;
  const positions = i64(
    // Padding may reach past the context; it stays inside the rotary tables.
    BigInt64Array.from(padded, (_, i) => BigInt(Math.min(start + i, config.contextTokens - 1))),
    [1, blockTokens],
  );
  const stored = [config.kvHeads, blockTokens, config.headSize];
  let x: HostTensor = f32(embed(policy, padded), [blockTokens, config.hiddenSize]);
  const block = [];
  for (const [layer, weights] of policy.layers.entries()) {
    const feeds: Record<string, HostTensor> = { ...weights, x, positions };
    for (const [i, { [layer]: past }] of earlier.entries()) {
      feeds[`keys${i}`] = f32(past!.keys, stored);
      feeds[`values${i}`] = f32(past!.values, stored);
    }
    const last = layer === config.layers - 1;
    const graph = prefillGraph(config, { block: earlier.length, blockTokens, last });
    const { y, keys, values } = await runtime.run(graph, feeds);
    x = y ?? x;
    block.push({ keys: keys!.data as Float32Array, values: values!.data as Float32Array });
  }
  return block;
}
