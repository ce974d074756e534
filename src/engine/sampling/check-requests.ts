/** Refuses a shard that cannot be sampled, by field, value, limit and next step, before any of it is. */
import { RatchetError } from "../../core/errors.ts";
import type { SampleRequest, SamplingOptions } from "../../core/ports/policy.ts";
import type { LlamaConfig } from "../model/config.ts";

/** Of those that are not greedy: float32 holds no logit divided by much less, and what is drawn would be chance. */
export const leastTemperature = 1e-30;

/** Throws PromptTooLong or InvalidInput. */
export function checkRequests(
  { contextTokens, vocabularySize }: LlamaConfig,
  requests: readonly SampleRequest[],
  { temperature, topP, topK, stop, maxNewTokens }: SamplingOptions,
): void {
  requireOption(
    "temperature",
    temperature,
    Number.isFinite(temperature) && (temperature === 0 || temperature >= leastTemperature),
    `0, which is greedy, or at least ${leastTemperature}`,
  );
  requireOption("topP", topP, topP > 0 && topP <= 1, "above 0 and at most 1");
  requireOption("topK", topK ?? 0, topK === undefined || isCount(topK), "1 or more");
  requireOption("stop", "''", stop === undefined || !stop.includes(""), "strings of at least 1 character");
  requireOption("maxNewTokens", maxNewTokens, isCount(maxNewTokens), "1 or more");
  for (const [index, { prompt }] of requests.entries()) {
    const tokens = prompt.length;
    const unknown = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
    requireOption(`requests[${index}].prompt`, "empty", tokens > 0, "at least 1 token");
    requireOption(
      `requests[${index}].prompt`,
      `${unknown}`,
      unknown === undefined,
      `ids below ${vocabularySize}`,
    );
    if (tokens + maxNewTokens <= contextTokens) continue;
    throw new RatchetError(
      "PromptTooLong",
      `requests[${index}].prompt has ${tokens} tokens, and with maxNewTokens ${maxNewTokens} that is ${tokens + maxNewTokens}, over the policy's context of ${contextTokens}; shorten the conversation, offer fewer tools or lower maxNewTokens`,
      { request: index, promptTokens: tokens, maxNewTokens, contextTokens },
    );
  }
}

const isCount = (value: number) => Number.isInteger(value) && value >= 1;

function requireOption(field: string, value: number | string, holds: boolean, limit: string): void {
  if (holds) return;
  throw new RatchetError(
    "InvalidInput",
    `${field} is ${value}; it must be ${limit}: correct it and sample again`,
    { field, value },
  );
}
