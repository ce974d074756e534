/**
 * AdamW over one flat arena, in place, in the arena's order. Each element is computed in float64 and stored in float32, so
 * the bytes do not depend on threads, vector units or libraries.
 */
import type { OptimizerSettings } from "../../core/ports/policy.ts";

export interface AdamState {
  /** Running means of the gradient and of its square, in the arena's order. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Steps done. */
  step: number;
}

export const emptyAdamState = (size: number): AdamState => ({
  m: new Float32Array(size),
  v: new Float32Array(size),
  step: 0,
});

/** Euclidean norm of the whole gradient, summed in float64 in the arena's order. */
export function gradientNorm(gradient: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  return Math.sqrt(sum);
}

/** Factor that brings a gradient of this norm to at most `limit`, as torch's clip_grad_norm_ has it; a limit of 0 is off. */
export const clipFactor = (norm: number, limit: number) =>
  limit === 0 ? 1 : Math.min(1, limit / (norm + 1e-6));

/**
 * One step (Loshchilov and Hutter, arXiv 1711.05101, as torch.optim.AdamW computes it), with g = scale * gradient:
 *
 *   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *   w = w - lr (wd w + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps))
 *
 * A change of exactly 0 leaves the bytes of w alone: with a learning rate of 0 even -0 stays -0.
 */
export function adamStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  { learningRate, weightDecay, beta1, beta2, epsilon }: OptimizerSettings,
  scale: number,
): void {
  const { m, v } = state;
  state.step++;
  const meanRate = learningRate / (1 - beta1 ** state.step);
  const squareScale = 1 / Math.sqrt(1 - beta2 ** state.step);
  const decay = learningRate * weightDecay;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale;
    const mean = beta1 * m[i]! + (1 - beta1) * g;
    const square = beta2 * v[i]! + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    const change = decay * weights[i]! + (meanRate * mean) / (Math.sqrt(square) * squareScale + epsilon);
    if (change !== 0) weights[i] = weights[i]! - change;
  }
}
