/**
 * Advantages: how much better a response did than what it is compared with, one value per response token. The reward is
 * an outcome, so it sits on the response's last token. As veRL's core_algos.py computes them, in float64.
 *
 * Suffixes: `_N` responses of the batch, `_G` responses of one group, `_T` tokens of one response (ragged).
 */
export const advantageEstimators = [
  "grpo",
  "dr-grpo",
  "rloo",
  "reinforce++",
  "reinforce++-baseline",
] as const;
export type AdvantageEstimator = (typeof advantageEstimators)[number];

interface RewardedResponse {
  /** Responses to the same prompt share it. */
  readonly group: string | number;
  readonly reward: number;
  readonly tokens: number;
}

/** [N][T]. `gamma` discounts per token and matters to "reinforce++" alone; 1 is off. */
export function advantages(
  estimator: AdvantageEstimator,
  responses_N: readonly RewardedResponse[],
  gamma = 1,
): number[][] {
  switch (estimator) {
    case "grpo":
      return overTokens(responses_N, withinGroups(responses_N, groupAdvantages));
    case "dr-grpo":
      return overTokens(responses_N, withinGroups(responses_N, centredRewards));
    case "rloo":
      return overTokens(responses_N, withinGroups(responses_N, leaveOneOutAdvantages));
    case "reinforce++":
      return whiten(responses_N.map(({ reward, tokens }) => discountedReturns(reward, tokens, gamma)));
    case "reinforce++-baseline":
      return whiten(overTokens(responses_N, withinGroups(responses_N, centredRewards)));
  }
}

/**
 *   A_g = (r_g - mean(r)) / (std(r) + eps)      r, A: [G], dimensionless
 *
 * Source: DeepSeekMath (arXiv 2402.03300); std divides by G - 1 and eps = 1e-6, as in veRL's
 * compute_grpo_outcome_advantage. A group of one keeps its reward over 1 + eps, as veRL's does.
 */
export function groupAdvantages(rewards_G: readonly number[], epsilon = 1e-6): number[] {
  if (rewards_G.length === 1) return rewards_G.map((reward) => reward / (1 + epsilon));
  const std = Math.sqrt(unbiasedVariance(rewards_G));
  return centredRewards(rewards_G).map((centred) => centred / (std + epsilon));
}

/** A_g = r_g - mean(r): Dr. GRPO (arXiv 2503.20783). A group of one keeps its reward. */
function centredRewards(rewards_G: readonly number[]): number[] {
  if (rewards_G.length === 1) return [...rewards_G];
  const centre = mean(rewards_G);
  return rewards_G.map((reward) => reward - centre);
}

/** A_g = r_g - mean of the others' rewards: RLOO (arXiv 2402.14740). A group of one keeps its reward. */
export function leaveOneOutAdvantages(rewards_G: readonly number[]): number[] {
  if (rewards_G.length === 1) return [...rewards_G];
  return centredRewards(rewards_G).map((centred) => (centred * rewards_G.length) / (rewards_G.length - 1));
}

/** returns_t = gamma^(T - 1 - t) * reward: what REINFORCE++ (arXiv 2501.03262) whitens. */
function discountedReturns(reward: number, tokens: number, gamma: number): number[] {
  return Array.from({ length: tokens }, (_, t) => reward * gamma ** (tokens - 1 - t));
}

/**
 *   (x - mean) / sqrt(var + 1e-8) over all tokens of the batch, var corrected by n / (n - 1)
 *
 * So long responses weigh more. Means divide by n + 1e-8, as veRL's masked_whiten does: it decides the sign of what is
 * left when all values are equal, and so which of their tokens count as clipped. One token alone has nothing to be
 * compared with and gets 0, where veRL raises.
 */
export function whiten(values_NT: readonly (readonly number[])[]): number[][] {
  const values = values_NT.flat();
  const count = values.length;
  if (count < 2) return values_NT.map((values_T) => values_T.map(() => 0));
  const centre = sum(values) / (count + 1e-8);
  const variance =
    (sum(values.map((value) => (value - centre) ** 2)) / (count + 1e-8)) * (count / (count - 1));
  const scale = 1 / Math.sqrt(variance + 1e-8);
  return values_NT.map((values_T) => values_T.map((value) => (value - centre) * scale));
}

/** Applies a group's rule to the rewards of each group; the order of responses stays. */
function withinGroups(
  responses_N: readonly RewardedResponse[],
  rule: (rewards_G: readonly number[]) => number[],
): number[] {
  const members = new Map<string | number, number[]>();
  responses_N.forEach(({ group }, n) => {
    members.set(group, [...(members.get(group) ?? []), n]);
  });
  const result_N: number[] = new Array(responses_N.length).fill(0);
  for (const group of members.values())
    rule(group.map((n) => responses_N[n]!.reward)).forEach((value, g) => {
      result_N[group[g]!] = value;
    });
  return result_N;
}

function overTokens(responses_N: readonly RewardedResponse[], values_N: readonly number[]): number[][] {
  return responses_N.map(({ tokens }, n) => new Array<number>(tokens).fill(values_N[n]!));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

function unbiasedVariance(values: readonly number[]): number {
  const centre = mean(values);
  return sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
}
