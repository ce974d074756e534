/**
 * Policy-loss cases: batches with everything the loss depends on, in the format of published-implementation fixtures,
 * and what our formulas make of them, under the same keys. It is how anyone can hold them against another trainer's.
 */
import { z } from "zod";
import { advantageEstimators, advantages } from "./advantages.ts";
import { aggregations } from "./aggregation.ts";
import { absoluteKl, klEstimate, lowVarianceKl, squaredKl } from "./kl.ts";
import { policyLoss } from "./policy-loss.ts";

/** Squares and sums of what is greater could not be said in JSON. */
const most = 1e100;
const bounded = z.number().min(-most).max(most);
const finite_NT = z.array(z.array(bounded));

/** One entry per response; the responses are ragged. Other keys, such as the expected values, are left alone. */
export const lossCaseSchema = z
  .object({
    /** Names the prompt of each response. */
    group: z.array(z.union([z.string(), z.number()])).min(1),
    lengths: z.array(z.number().int().min(1)),
    /** The outcome reward, on the last token. */
    score: z.array(bounded),
    gamma: z.number().min(0).max(1),
    old_logprob: finite_NT,
    logprob: finite_NT,
    ref_logprob: finite_NT,
    clip_low: z.number().min(0).max(1),
    clip_high: z.number().min(0),
    clip_ratio_c: z.number().gt(1),
    kl_coef: z.number().min(0),
  })
  .superRefine((given, context) => {
    for (const field of ["lengths", "score", "old_logprob", "logprob", "ref_logprob"] as const)
      if (given[field].length !== given.group.length)
        context.addIssue({
          code: "custom",
          path: [field],
          message: `has ${given[field].length} entries for ${given.group.length} responses`,
        });
    for (const field of ["old_logprob", "logprob", "ref_logprob"] as const)
      given[field].forEach((tokens, n) => {
        if (tokens.length !== given.lengths[n])
          context.addIssue({
            code: "custom",
            path: [field, n],
            message: `has ${tokens.length} tokens where lengths says ${given.lengths[n]}`,
          });
      });
  });
type LossCase = z.infer<typeof lossCaseSchema>;

/** Every estimator with every aggregation; keys are veRL's names. */
export function evaluateLossCase(given: LossCase) {
  const responses = given.group.map((group, n) => ({
    group,
    reward: given.score[n]!,
    tokens: given.lengths[n]!,
  }));
  const byEstimator = advantageEstimators.map(
    (estimator) => [estimator, advantages(estimator, responses, given.gamma)] as const,
  );
  const losses = byEstimator.flatMap(([estimator, advantages_NT]) =>
    aggregations.map((aggregation) => {
      const loss = policyLoss(
        {
          logprobs_NT: given.logprob,
          oldLogprobs_NT: given.old_logprob,
          referenceLogprobs_NT: given.ref_logprob,
          advantages_NT,
        },
        {
          clipLow: given.clip_low,
          clipHigh: given.clip_high,
          clipDual: given.clip_ratio_c,
          klCoefficient: given.kl_coef,
          aggregation,
        },
      );
      const named = {
        pg_loss: loss.policyLoss,
        kl_loss: loss.klLoss,
        clip_fraction: loss.clipFraction,
        approx_kl: loss.approximateKl,
        clip_fraction_lower: loss.dualClipFraction,
        grad_logprob: loss.gradient_NT,
      };
      return [`${estimator}/${aggregation}`, named] as const;
    }),
  );
  const kl = { kl: klEstimate, abs: absoluteKl, mse: squaredKl, low_var_kl: lowVarianceKl };
  return {
    kl: Object.fromEntries(
      Object.entries(kl).map(([name, estimate]) => [
        name,
        given.logprob.map((tokens, n) =>
          tokens.map((logprob, t) => estimate(logprob, given.ref_logprob[n]![t]!)),
        ),
      ]),
    ),
    advantages: Object.fromEntries(byEstimator),
    losses: Object.fromEntries(losses),
  };
}
