/**
 * Whether what an iteration measured is within the limits of its training's tripwires. An update measures the policy that
 * it starts from, so a bad reward, KL or entropy is the doing of the update before; a gradient spike is that of the batch.
 */
import type { Tripwires } from "../experiment/tripwires.ts";
import type { UpdateMetrics } from "../ports/policy.ts";

/** What later updates are compared with. */
export interface RecentUpdate {
  readonly iteration: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Mean reward of the batch; null in supervised training. */
  readonly reward: number | null;
}

export interface Trip {
  /** "KL to the reference", "gradient norm", ... */
  readonly measure: string;
  /** Null where it is not a finite number. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly blames: "policy" | "batch";
  /** "KL to the reference is 12.3, above tripwires.maxKl = 10" */
  readonly sentence: string;
  /** The setting that another limit is given by; absent where what was measured must be finite. */
  readonly setting?: TripwireName;
}

/** What an operator may change of a training's tripwires; see hyperparameters.ts. */
export type TripwireName = "maxKl" | "minEntropy" | "maxEntropy" | "maxGradientSpike" | "minRewardShare";

type Measured = Pick<UpdateMetrics, "loss" | "policyLoss" | "kl" | "entropy" | "gradientNorm">;

/** Before the update is committed. Null where nothing is wrong. */
export function judgeUpdate(
  measured: Measured,
  tripwires: Tripwires,
  recent: readonly RecentUpdate[],
): Trip | null {
  const { kl, entropy, gradientNorm } = measured;
  const { maxKl, minEntropy, maxEntropy, maxGradientSpike } = tripwires;
  const usual = meanOfWindow(tripwires, recent, (update) => update.gradientNorm);
  return (
    notFinite("loss", measured.loss) ??
    notFinite("policy loss", measured.policyLoss) ??
    notFinite("KL to the reference", kl) ??
    notFinite("entropy", entropy) ??
    notFinite("gradient norm", gradientNorm) ??
    above("KL to the reference", kl, "maxKl", maxKl) ??
    below("entropy", entropy, "minEntropy", minEntropy) ??
    above("entropy", entropy, "maxEntropy", maxEntropy) ??
    (usual !== null && usual > 0 && gradientNorm > maxGradientSpike * usual
      ? {
          measure: "gradient norm",
          value: gradientNorm,
          limit: maxGradientSpike * usual,
          blames: "batch",
          setting: "maxGradientSpike",
          sentence: `gradient norm is ${text(gradientNorm)}, above tripwires.maxGradientSpike = ${maxGradientSpike} times the ${text(usual)} of the ${Math.min(tripwires.window, recent.length)} updates before`,
        }
      : null)
  );
}

/** Before the update is computed, and where there is none because no rewards differ. Null where nothing is wrong. */
export function judgeReward(
  reward: number,
  tripwires: Tripwires,
  recent: readonly RecentUpdate[],
): Trip | null {
  const { minRewardShare, window } = tripwires;
  const usual = meanOfWindow(tripwires, recent, (update) => update.reward ?? 0);
  // Rewards may be negative, for wrong calls; only of a positive mean is a share a fall.
  if (minRewardShare === undefined || usual === null || usual <= 0) return null;
  if (reward >= minRewardShare * usual) return null;
  return {
    measure: "mean reward",
    value: reward,
    limit: minRewardShare * usual,
    blames: "policy",
    setting: "minRewardShare",
    sentence: `mean reward is ${text(reward)}, below tripwires.minRewardShare = ${minRewardShare} of the ${text(usual)} of the ${Math.min(window, recent.length)} updates before`,
  };
}

/** Of fewer updates than these a mean says too little; a shorter window is as the input wants it. */
const fewestCompared = 3;

/** Null while there are too few updates to compare with. */
function meanOfWindow(
  { window }: Tripwires,
  recent: readonly RecentUpdate[],
  of: (update: RecentUpdate) => number,
): number | null {
  const compared = recent.slice(-window);
  if (compared.length < Math.min(window, fewestCompared)) return null;
  return compared.reduce((sum, update) => sum + of(update), 0) / compared.length;
}

/** Another trainer's metrics may come as JSON, which has no NaN but null. */
function notFinite(measure: string, value: number): Trip | null {
  if (Number.isFinite(value)) return null;
  return { measure, value: null, limit: null, blames: "policy", sentence: `${measure} is ${value}` };
}

function above(measure: string, value: number, setting: TripwireName, limit?: number): Trip | null {
  if (limit === undefined || value <= limit) return null;
  const sentence = `${measure} is ${text(value)}, above tripwires.${setting} = ${limit}`;
  return { measure, value, limit, blames: "policy", setting, sentence };
}

function below(measure: string, value: number, setting: TripwireName, limit?: number): Trip | null {
  if (limit === undefined || value >= limit) return null;
  const sentence = `${measure} is ${text(value)}, below tripwires.${setting} = ${limit}`;
  return { measure, value, limit, blames: "policy", setting, sentence };
}

const text = (value: number) => String(Number(value.toPrecision(4)));
