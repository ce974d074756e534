/** The learning rate of each optimizer step, a function of the settings and the steps done: nothing else has to be stored. */
import type { OptimizerSettings } from "../../core/ports/policy.ts";

/**
 * `step` is how many were done before, so that with a warm-up the first one's rate is 0:
 *
 *   warm-up      rate * step / warmupSteps
 *   then         rate                                                   constant
 *                min + (rate - min) (1 - p)                             linear
 *                min + (rate - min) (1 + cos(pi p)) / 2                 cosine
 *   with         p = (step - warmupSteps) / (totalSteps - warmupSteps), at most 1
 *
 * As transformers' get_{constant,linear,cosine}_schedule_with_warmup and get_cosine_with_min_lr_schedule_with_warmup,
 * but that a cosine does not rise again after `totalSteps`. A rate below `min` stays as it is.
 */
export function scheduledLearningRate(
  { learningRate, schedule }: Pick<OptimizerSettings, "learningRate" | "schedule">,
  step: number,
): number {
  if (schedule === undefined) return learningRate;
  const { warmupSteps } = schedule;
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule.kind === "constant") return learningRate;
  const part = Math.min(1, (step - warmupSteps) / Math.max(1, schedule.totalSteps - warmupSteps));
  const share = schedule.kind === "linear" ? 1 - part : (1 + Math.cos(Math.PI * part)) / 2;
  const least = Math.min(schedule.minLearningRate, learningRate);
  return least + (learningRate - least) * share;
}
