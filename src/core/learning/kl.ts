/**
 * Estimators of KL(policy || reference) from one token's log-probabilities, in nats, as veRL's kl_penalty computes them
 * (J. Schulman, "Approximating KL Divergence", 2020: k1, k2, k3). Both arguments are log-probabilities of that token.
 */
const limit = (value: number, bound: number) => Math.min(bound, Math.max(-bound, value));

/** k1: unbiased, may be negative. */
export const klEstimate = (logprob: number, reference: number) => logprob - reference;
export const absoluteKl = (logprob: number, reference: number) => Math.abs(logprob - reference);
/** k2: biased, never negative, little variance. */
export const squaredKl = (logprob: number, reference: number) => 0.5 * (logprob - reference) ** 2;

/** k3 = e^-d + d - 1 with d = logprob - reference, -d limited to 20 and the result to 10: unbiased, never negative. */
export function lowVarianceKl(logprob: number, reference: number): number {
  const difference = limit(reference - logprob, 20);
  return limit(Math.exp(difference) - difference - 1, 10);
}

/** d k3 / d logprob; 0 where a limit holds. */
export function lowVarianceKlGradient(logprob: number, reference: number): number {
  const difference = reference - logprob;
  if (Math.abs(difference) > 20 || Math.exp(difference) - difference - 1 > 10) return 0;
  return 1 - Math.exp(difference);
}
