/** What an iteration has to compute, so that its parts' times can be set beside the machine's limit. */
import type { LlamaConfig } from "../../src/engine/model/config.ts";
import { layerShapes } from "../../src/engine/model/weights.ts";
import { planAttention } from "../../src/engine/training/attention-plan.ts";
import type { Pack } from "../../src/engine/training/pack.ts";

interface Sampled {
  readonly promptTokens: number;
  readonly samples: number;
  readonly responseTokens: number;
}

/**
 * 10^9 floating-point operations by part: 2 for each weight and token, and for attention 4 for each query, key that its block
 * sees and value of a head. A gradient of a product is two products; attention computes its scores again, so five for two.
 * What is element by element counts as nothing.
 */
export function gflopOf(config: LlamaConfig, pack: Pack, sampled: Sampled): Record<string, number> {
  const { promptTokens, samples, responseTokens } = sampled;
  const matrices = [...layerShapes(config).values()].filter(({ length }) => length === 2);
  const weights = config.layers * matrices.reduce((sum, [out, width]) => sum + out! * width!, 0);
  const perPair = 4 * config.layers * config.heads * config.headSize;
  const head = 2 * config.vocabularySize * config.hiddenSize;
  const { blockRows, blockKeys } = planAttention(pack).shape;
  const attention = perPair * blockRows.reduce((sum, rows, i) => sum + rows * blockKeys[i]!, 0);
  const forward = 2 * weights * pack.tokens.length;
  const decoded = samples * responseTokens;
  const operations = {
    prefill: 2 * weights * promptTokens + (perPair * promptTokens ** 2) / 2,
    decode: decoded * (2 * weights + perPair * (promptTokens + responseTokens / 2)),
    head: head * decoded,
    "reference layer-forward": forward + attention,
    "reference head-forward": head * pack.targets.length,
    "layer-forward": forward + attention,
    "head-forward": head * pack.targets.length,
    "head-backward": 2 * head * pack.targets.length,
    "layer-backward": 2 * forward + 2.5 * attention,
  };
  return Object.fromEntries(Object.entries(operations).map(([part, count]) => [part, count / 1e9]));
}
