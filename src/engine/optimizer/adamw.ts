/**
 * AdamW over flat arenas, in place, in their order. Each element is computed in float64 and stored in float32
 * (`adamw-kernel.ts`), so the bytes do not depend on threads, vector units or libraries.
 */
import type { OptimizerSettings } from "../../core/ports/policy.ts";
import { createAdamKernel } from "./adamw-kernel.ts";
import { scheduledLearningRate } from "./schedule.ts";

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

/** Elements between two pauses: some thirty milliseconds of work. Part of the numerics: the norm is a sum of slices' sums. */
const sliceElements = 2 ** 23;
/** Its calls do not overlap, as none of them waits. */
const kernel = createAdamKernel();

export interface StepOutcome {
  /** Of the gradient before clipping; where it is not finite nothing was changed. */
  readonly norm: number;
  /** Whether the norm is, and every weight and moment after the step; else the state is of no use. */
  readonly finite: boolean;
}

/**
 * Clips the gradient to the settings' norm and takes one step. `pause` is awaited between slices, because a big model takes seconds; a `step` is
 * (Loshchilov and Hutter, arXiv 1711.05101, as torch.optim.AdamW computes it), with g the clipped gradient:
 *
 *   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *   w = w - lr (wd w + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps))
 *
 * A change of exactly 0 leaves the bytes of w alone: with a learning rate of 0 even -0 stays -0.
 */
export async function optimizerStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  settings: OptimizerSettings,
  pause: () => Promise<void>,
): Promise<StepOutcome> {
  const starts = Array.from(
    { length: Math.ceil(weights.length / sliceElements) },
    (_, i) => i * sliceElements,
  );
  const slice = (arena: Float32Array, start: number) => arena.subarray(start, start + sliceElements);
  let squares = 0;
  for (const start of starts) {
    squares += kernel.sumOfSquares(slice(gradient, start));
    await pause();
  }
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) return { norm, finite: false };
  const learningRate = scheduledLearningRate(settings, state.step);
  state.step++;
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const factors = {
    scale: clipFactor(norm, settings.maxGradientNorm),
    beta1,
    beta2,
    meanRate: learningRate / (1 - beta1 ** state.step),
    squareScale: 1 / Math.sqrt(1 - beta2 ** state.step),
    epsilon,
    decay: learningRate * weightDecay,
  };
  let finite = true;
  for (const start of starts) {
    const kept = kernel.step(
      slice(weights, start),
      slice(gradient, start),
      slice(state.m, start),
      slice(state.v, start),
      factors,
    );
    finite &&= kept;
    await pause();
  }
  return { norm, finite };
}

/** Factor that brings a gradient of this norm to at most `limit`, as torch's clip_grad_norm_ has it; a limit of 0 is off. */
const clipFactor = (norm: number, limit: number) => (limit === 0 ? 1 : Math.min(1, limit / (norm + 1e-6)));
