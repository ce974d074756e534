/**
 * How much of a shard steps together: a function of the policy's shape, what is asked and fixed limits, never of the
 * machine's memory, or another machine would draw other last bits.
 */
import type { SampleRequest, SamplingOptions } from "../../core/ports/policy.ts";
import type { LlamaConfig } from "../model/config.ts";
import { ownStep } from "./decode.ts";
import { bytesPerToken } from "./key-value-slots.ts";
import { blockTokens } from "./prefill.ts";

/** Part of the numerics, as another width gives other last bits: a change raises the engine's version. */
export interface SamplingLimits {
  /** Samples under way at once. */
  readonly samples: number;
  /** Most memory for the prompts of one step, which bounds the requests that step together (always at least one). */
  readonly promptBytes: number;
  /** Most memory for what the samples under way may come to say, which bounds them too (always at least one). */
  readonly ownBytes: number;
}

/** 64 samples of SmolLM2-135M fit up to 704 new tokens each, of Qwen3-0.6B up to 128; 9 of the latter's fit up to 1,024. */
export const standardLimits: SamplingLimits = { samples: 64, promptBytes: 2 ** 30, ownBytes: 2 ** 31 };

export interface Capacity {
  /** Samples under way at once. */
  readonly samples: number;
  /** Prompts stored at once. */
  readonly prompts: number;
  /** Of each stored prompt: whole blocks that hold the longest. */
  readonly promptTokens: number;
  /** Of each sample's own: whole steps of growth that hold the longest response. */
  readonly ownTokens: number;
}

export function capacityOf(
  limits: SamplingLimits,
  config: LlamaConfig,
  requests: readonly SampleRequest[],
  { maxNewTokens }: Pick<SamplingOptions, "maxNewTokens">,
): Capacity {
  const affordable = (bytes: number, tokens: number) =>
    Math.max(1, Math.floor(bytes / Math.max(bytesPerToken(config) * tokens, 1)));
  const ownTokens = Math.ceil(maxNewTokens / ownStep) * ownStep;
  const longest = requests.reduce((most, { prompt }) => Math.max(most, prompt.length - 1), 0);
  const promptTokens = Math.ceil(longest / blockTokens) * blockTokens;
  const wanted = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const samples = Math.min(limits.samples, affordable(limits.ownBytes, ownTokens), wanted);
  const prompts = Math.min(affordable(limits.promptBytes, promptTokens), samples, requests.length);
  return { samples, prompts, promptTokens, ownTokens };
}
