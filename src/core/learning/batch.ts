/**
 * From scored responses to what an update trains on: advantages per token, useless groups left out and counted,
 * mini-batches of whole groups in a fixed order. A function of its arguments, in the order they are given.
 */
import type { SampledResponse, TrainingRow } from "../ports/policy.ts";
import { seededRandom } from "../random.ts";
import { advantages } from "./advantages.ts";

export interface ScoredResponse {
  readonly tokens: readonly number[];
  /** As the sampler recorded them; see SampledResponse. */
  readonly logprobs: readonly number[];
  readonly reward: number;
  readonly finish: SampledResponse["finish"];
  /** Tool calls the response made, and sub-answers they solved. */
  readonly calls: number;
  readonly solved: number;
}

/** The responses sampled at one turn-prefix. */
export interface ScoredGroup {
  readonly prompt: readonly number[];
  readonly responses: readonly ScoredResponse[];
}

export interface PolicyBatchSettings {
  readonly algorithm: "grpo" | "reinforce++";
  /** Optimizer steps wanted; fewer where there are fewer groups. */
  readonly miniBatches: number;
  /** Control: permutes each group's rewards. */
  readonly shuffleSeed?: number;
}

/** Means are over all sampled responses, those of groups left out too. */
export interface PolicyBatchMetrics {
  readonly groups: number;
  /** Share of groups whose rewards are all equal; GRPO learns nothing from them. */
  readonly zeroVarianceShare: number;
  readonly rewardMean: number;
  readonly responseTokensMean: number;
  /** Share of responses cut at the token limit. */
  readonly truncatedShare: number;
  readonly callsMean: number;
  readonly solvedMean: number;
}

export interface PolicyBatch {
  /** Empty where no group can teach anything. */
  readonly miniBatches: TrainingRow[][];
  readonly metrics: PolicyBatchMetrics;
}

export function buildPolicyBatch(
  sampled: readonly ScoredGroup[],
  { algorithm, miniBatches, shuffleSeed }: PolicyBatchSettings,
): PolicyBatch {
  const groups = shuffleSeed === undefined ? sampled : shuffleRewardsWithinGroups(sampled, shuffleSeed);
  const metrics = measure(groups);
  // REINFORCE++ compares with the whole batch, so a group of equal rewards still says something.
  const useful = algorithm === "grpo" ? groups.filter(hasVariance) : groups;
  const rows = toRows(useful, algorithm);
  return { miniBatches: divide(rows, miniBatches).map((part) => part.flat()), metrics };
}

/** A control that leaves nothing to learn: each group keeps its rewards and loses which response earned them. */
function shuffleRewardsWithinGroups(groups: readonly ScoredGroup[], seed: number): ScoredGroup[] {
  const random = seededRandom(seed);
  return groups.map(({ prompt, responses }) => {
    const rewards = random.shuffle(responses.map(({ reward }) => reward));
    return { prompt, responses: responses.map((response, g) => ({ ...response, reward: rewards[g]! })) };
  });
}

const hasVariance = ({ responses }: ScoredGroup) =>
  responses.some(({ reward }) => reward !== responses[0]!.reward);

/** [group][response]. */
function toRows(
  groups: readonly ScoredGroup[],
  algorithm: PolicyBatchSettings["algorithm"],
): TrainingRow[][] {
  const scored = groups.flatMap(({ responses }, group) =>
    responses.map(({ reward, tokens }) => ({ group, reward, tokens: tokens.length })),
  );
  const advantages_NT = advantages(algorithm, scored);
  let next = 0;
  return groups.map(({ prompt, responses }) =>
    responses.map(({ tokens, logprobs }) => ({
      prompt,
      response: tokens,
      mask: tokens.map((): 1 => 1),
      advantages: advantages_NT[next++]!,
      logprobs,
    })),
  );
}

/** Consecutive parts whose sizes differ by at most one: neighbours share a trajectory's prefix, and pack together. */
function divide<T>(items: readonly T[], parts: number): T[][] {
  const count = Math.min(parts, items.length);
  const start = (part: number) => Math.floor((part * items.length) / count);
  return Array.from({ length: count }, (_, part) => items.slice(start(part), start(part + 1)));
}

function measure(groups: readonly ScoredGroup[]): PolicyBatchMetrics {
  const responses = groups.flatMap((group) => group.responses);
  const mean = (of: (response: ScoredResponse) => number) =>
    responses.reduce((sum, response) => sum + of(response), 0) / Math.max(1, responses.length);
  return {
    groups: groups.length,
    zeroVarianceShare: groups.filter((group) => !hasVariance(group)).length / Math.max(1, groups.length),
    rewardMean: mean(({ reward }) => reward),
    responseTokensMean: mean(({ tokens }) => tokens.length),
    truncatedShare: mean(({ finish }) => (finish === "length" ? 1 : 0)),
    callsMean: mean(({ calls }) => calls),
    solvedMean: mean(({ solved }) => solved),
  };
}
