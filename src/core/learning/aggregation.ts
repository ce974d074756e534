/**
 * How token losses become one number: each mode is a weight per token, and the loss is the weighted sum. As veRL's
 * agg_loss; every response has at least one token.
 */
export const aggregations = ["token-mean", "seq-mean-token-sum", "seq-mean-token-mean"] as const;
export type Aggregation = (typeof aggregations)[number];

/** weights_N[n] is the weight of each token of response n, given how many tokens the responses have. */
export function tokenWeights(mode: Aggregation, tokens_N: readonly number[]): number[] {
  const responses = tokens_N.length;
  const total = tokens_N.reduce((sum, tokens) => sum + tokens, 0);
  switch (mode) {
    case "token-mean":
      return tokens_N.map(() => 1 / total);
    case "seq-mean-token-sum":
      return tokens_N.map(() => 1 / responses);
    case "seq-mean-token-mean":
      return tokens_N.map((tokens) => 1 / (tokens * responses));
  }
}
