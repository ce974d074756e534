/**
 * The policy-gradient loss over a list of response tokens as one small graph, float32, its gradients from autodiff.
 * Formulas and clamps are those of veRL (verl/trainer/ppo/core_algos.py: compute_policy_loss_vanilla, kl_penalty). Every
 * sum is weighted token by token, so a batch in parts gives the sums of the whole; training weighs each token alike.
 */
import { gradients } from "../autodiff/gradients.ts";
import { createGraph, type Graph, type Tensor } from "../graph/graph.ts";
import { scalar } from "../ops/constants.ts";
import {
  add,
  clip,
  exp,
  indicator,
  maximum,
  minimum,
  multiply,
  negate,
  subtract,
  sum,
} from "../ops/elementwise.ts";
import type { GraphSource } from "../runtime/session.ts";

export interface PolicyLossSettings {
  /** The probability ratio is clipped to [1 - clipLow, 1 + clipHigh]. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** With a negative advantage a token's loss is at most clipDual |A| (dual-clip PPO, arXiv 1912.09729). */
  readonly clipDual: number;
  readonly klCoefficient: number;
  readonly entropyCoefficient: number;
}

/**
 * All inputs [N]: logp, entropies, oldLogp, advantages, weight, share, and referenceLogp where there is a reference.
 * `weight` multiplies the losses and `share`, 1 / tokens of the batch, the fractions; both are 0 on padding.
 *
 *   r = exp(clamp(logp - old, -20, 20))
 *   policyLoss = sum weight * (A < 0 ? min(L, -A clipDual) : L),  L = max(-A r, -A clip(r, 1 - low, 1 + high))
 *   kl = sum weight * clamp(e^d - d - 1, -10, 10),  d = clamp(reference - logp, -20, 20)
 *   loss = policyLoss + klCoefficient kl - entropyCoefficient entropy;  dLogp, dEntropy [N] are its gradients
 */
export function policyLossGraph(
  settings: PolicyLossSettings,
  tokens: number,
  withReference: boolean,
): GraphSource {
  return {
    key: `policy-loss ${JSON.stringify(settings)} ${tokens} ${withReference}`,
    build: () => {
      const g = createGraph();
      const input = (name: string) => g.input(name, [tokens]);
      const logp = input("logp");
      const entropies = input("entropies");
      const weight = input("weight");
      const share = input("share");
      const clipped = clippedLoss(g, settings, {
        logp,
        oldLogp: input("oldLogp"),
        advantages: input("advantages"),
      });
      const weighted = (x: Tensor) => sum(g, multiply(g, weight, x));
      const policyLoss = weighted(clipped.loss);
      const kl = withReference ? weighted(lowVarianceKl(g, logp, input("referenceLogp"))) : undefined;
      const meanEntropy = weighted(entropies);
      const penalty = kl ?? scalar(g, 0);
      const loss = subtract(
        g,
        add(g, policyLoss, multiply(g, scalar(g, settings.klCoefficient), penalty)),
        multiply(g, scalar(g, settings.entropyCoefficient), meanEntropy),
      );
      const seed = { tensor: loss, gradient: scalar(g, 1) };
      const [dLogp, dEntropy] = gradients(g, [seed], [logp, entropies]);
      const portion = (x: Tensor) => sum(g, multiply(g, share, x));
      g.output("policyLoss", policyLoss);
      g.output("kl", penalty);
      g.output("entropy", meanEntropy);
      g.output("clipFraction", portion(clipped.isClipped));
      g.output("clipFractionLower", portion(clipped.isDualClipped));
      g.output("approximateKl", portion(negate(g, clipped.logRatio)));
      g.output("dLogp", dLogp!);
      g.output("dEntropy", dEntropy!);
      return g.encode();
    },
  };
}

interface ClippedInputs {
  readonly logp: Tensor;
  readonly oldLogp: Tensor;
  readonly advantages: Tensor;
}

/** Each token's clipped loss, [N], and where clipping changed it (1 or 0). */
function clippedLoss(g: Graph, settings: PolicyLossSettings, { logp, oldLogp, advantages }: ClippedInputs) {
  const { clipLow, clipHigh, clipDual } = settings;
  const logRatio = clip(g, subtract(g, logp, oldLogp), -20, 20);
  const ratio = exp(g, logRatio);
  const against = negate(g, advantages);
  const free = multiply(g, against, ratio);
  const bounded = multiply(g, against, clip(g, ratio, 1 - clipLow, 1 + clipHigh));
  const loss = maximum(g, free, bounded);
  const ceiling = multiply(g, against, scalar(g, clipDual));
  const negative = indicator(g, "Less", advantages, scalar(g, 0));
  const positive = subtract(g, scalar(g, 1), negative);
  // Not loss + negative * (capped - loss): a ratio of e^20 would cost all digits of the difference.
  const capped = multiply(g, negative, minimum(g, ceiling, loss));
  return {
    logRatio,
    loss: add(g, capped, multiply(g, positive, loss)),
    isClipped: indicator(g, "Greater", bounded, free),
    isDualClipped: multiply(g, negative, indicator(g, "Greater", loss, ceiling)),
  };
}

/** k3 (John Schulman, "Approximating KL divergence"), clamped as veRL's low_var_kl: [N] -> [N]. */
function lowVarianceKl(g: Graph, logp: Tensor, referenceLogp: Tensor): Tensor {
  const difference = clip(g, subtract(g, referenceLogp, logp), -20, 20);
  const k3 = subtract(g, subtract(g, exp(g, difference), difference), scalar(g, 1));
  return clip(g, k3, -10, 10);
}
