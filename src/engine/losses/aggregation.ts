/** How token losses become one number: a weight per token, known before any loss is, as in veRL's agg_loss. */
export type Aggregation = "token-mean" | "seq-mean-token-sum" | "seq-mean-token-mean";

/**
 * Weight of a token in a sequence, by sequence: sum of weight * loss is the aggregate. tokens_B: trained tokens per sequence.
 *
 *   token-mean: 1 / sum(tokens);  seq-mean-token-sum: 1 / B;  seq-mean-token-mean: 1 / (B (tokens + 1e-8))
 *
 * B counts the sequences that have a token at all.
 */
export function tokenWeights(tokens_B: readonly number[], mode: Aggregation): number[] {
  const total = tokens_B.reduce((sum, tokens) => sum + tokens, 0);
  const sequences = tokens_B.filter((tokens) => tokens > 0).length;
  switch (mode) {
    case "token-mean":
      return tokens_B.map(() => 1 / total);
    case "seq-mean-token-sum":
      return tokens_B.map(() => 1 / sequences);
    case "seq-mean-token-mean":
      return tokens_B.map((tokens) => 1 / (sequences * (tokens + 1e-8)));
  }
}
