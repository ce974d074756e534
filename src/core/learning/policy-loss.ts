/**
 * The clipped policy-gradient loss with a low-variance KL term, and its gradient by each log-probability: the float64
 * reference that the engine's float32 graph is held against.
 *
 *   rho = exp(limit(logprob - old, 20))
 *   clipped = max(-A rho, -A limit(rho, 1 - low, 1 + high));  where A < 0: min(clipped, -A dual)
 *   loss = sum w clipped + klCoefficient sum w k3(logprob, reference)
 *
 * Sources: PPO (arXiv 1707.06347), dual clip (arXiv 1912.09729), veRL's compute_policy_loss_vanilla.
 */
import { type Aggregation, tokenWeights } from "./aggregation.ts";
import { lowVarianceKl, lowVarianceKlGradient } from "./kl.ts";

/** All [N][T], ragged: response tokens only. */
export interface PolicyLossInput {
  readonly logprobs_NT: readonly (readonly number[])[];
  readonly oldLogprobs_NT: readonly (readonly number[])[];
  readonly referenceLogprobs_NT: readonly (readonly number[])[];
  readonly advantages_NT: readonly (readonly number[])[];
}

export interface PolicyLossSettings {
  readonly clipLow: number;
  readonly clipHigh: number;
  /** veRL's clip_ratio_c: where A < 0 the loss is at most -A times this. */
  readonly clipDual: number;
  readonly klCoefficient: number;
  readonly aggregation: Aggregation;
}

export interface PolicyLoss {
  readonly policyLoss: number;
  readonly klLoss: number;
  /** Share of tokens where the clip at 1 +- epsilon holds, and where the dual clip does. */
  readonly clipFraction: number;
  readonly dualClipFraction: number;
  /** Mean of old - logprob, nats. */
  readonly approximateKl: number;
  /** d (policyLoss + klCoefficient klLoss) / d logprob, [N][T]. */
  readonly gradient_NT: number[][];
}

export function policyLoss(input: PolicyLossInput, settings: PolicyLossSettings): PolicyLoss {
  const weights_N = tokenWeights(
    settings.aggregation,
    input.logprobs_NT.map(({ length }) => length),
  );
  const sums = { policy: 0, kl: 0, clipped: 0, dualClipped: 0, approximateKl: 0, tokens: 0 };
  const gradient_NT = input.logprobs_NT.map((logprobs_T, n) =>
    logprobs_T.map((logprob, t) => {
      const weight = weights_N[n]!;
      const reference = input.referenceLogprobs_NT[n]![t]!;
      const token = tokenLoss(logprob, input.oldLogprobs_NT[n]![t]!, input.advantages_NT[n]![t]!, settings);
      sums.policy += weight * token.loss;
      sums.kl += weight * lowVarianceKl(logprob, reference);
      sums.clipped += token.isClipped ? 1 : 0;
      sums.dualClipped += token.isDualClipped ? 1 : 0;
      sums.approximateKl -= token.logRatio;
      sums.tokens += 1;
      return weight * (token.gradient + settings.klCoefficient * lowVarianceKlGradient(logprob, reference));
    }),
  );
  return {
    policyLoss: sums.policy,
    klLoss: sums.kl,
    clipFraction: sums.clipped / sums.tokens,
    dualClipFraction: sums.dualClipped / sums.tokens,
    approximateKl: sums.approximateKl / sums.tokens,
    gradient_NT,
  };
}

function tokenLoss(logprob: number, old: number, advantage: number, settings: PolicyLossSettings) {
  const logRatio = Math.min(20, Math.max(-20, logprob - old));
  const ratio = Math.exp(logRatio);
  const plain = -advantage * ratio;
  const bounded = -advantage * Math.min(1 + settings.clipHigh, Math.max(1 - settings.clipLow, ratio));
  const clipped = Math.max(plain, bounded);
  const dual = -advantage * settings.clipDual;
  const isClipped = bounded > plain;
  const isDualClipped = advantage < 0 && clipped > dual;
  const isConstant = isClipped || isDualClipped || Math.abs(logprob - old) > 20;
  return {
    logRatio,
    isClipped,
    isDualClipped,
    loss: isDualClipped ? dual : clipped,
    gradient: isConstant ? 0 : plain,
  };
}
