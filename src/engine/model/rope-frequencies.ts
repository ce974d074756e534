/**
 * Frequencies of rotary position embedding, scaled as the model's config.json says, each step rounded to float32 where
 * transformers' modeling_rope_utils.py rounds.
 */
import type { LlamaConfig } from "./config.ts";
import type { RopeScaling } from "./rope-scaling.ts";

const f32 = Math.fround;

/** Radians a position of each pair of a head, [headSize / 2]. */
export function ropeFrequencies({ headSize, ropeTheta, ropeScaling }: LlamaConfig): number[] {
  const periods = Array.from({ length: headSize / 2 }, (_, i) => f32(ropeTheta ** f32((2 * i) / headSize)));
  const plain = periods.map((period) => f32(1 / period));
  switch (ropeScaling?.kind) {
    case undefined:
      return plain;
    case "linear": {
      const { factor } = ropeScaling;
      return plain.map((frequency) => f32(frequency / f32(factor)));
    }
    case "llama3":
      return plain.map((frequency) => llama3Frequency(frequency, ropeScaling));
    case "yarn":
      return yarnFrequencies(periods, ropeTheta, headSize, ropeScaling);
  }
}

/** Long waves are stretched by the factor, short ones stay, and those between are mixed in proportion. */
function llama3Frequency(frequency: number, s: Extract<RopeScaling, { kind: "llama3" }>): number {
  const wave = f32(f32(2 * Math.PI) / frequency);
  if (wave < s.originalTokens / s.highFrequencyFactor) return frequency;
  const stretched = f32(frequency / f32(s.factor));
  if (wave > s.originalTokens / s.lowFrequencyFactor) return stretched;
  const share = f32(
    f32(f32(s.originalTokens / wave) - f32(s.lowFrequencyFactor)) /
      f32(s.highFrequencyFactor - s.lowFrequencyFactor),
  );
  return f32(f32(f32(f32(1 - share) * frequency) / f32(s.factor)) + f32(share * frequency));
}

/** Pairs that turn more than betaFast times within the original context stay; below betaSlow they are stretched. */
function yarnFrequencies(
  periods: readonly number[],
  theta: number,
  headSize: number,
  { factor, betaFast, betaSlow, originalTokens, truncate }: Extract<RopeScaling, { kind: "yarn" }>,
): number[] {
  const pairOf = (turns: number) =>
    (headSize * Math.log(originalTokens / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(truncate ? Math.floor(pairOf(betaFast)) : pairOf(betaFast), 0);
  const end = Math.min(truncate ? Math.ceil(pairOf(betaSlow)) : pairOf(betaSlow), headSize - 1);
  const high = end === low ? end + 0.001 : end;
  return periods.map((period, i) => {
    const ramp = Math.min(1, Math.max(0, f32(f32(i - low) / f32(high - low))));
    const kept = f32(1 - ramp);
    const stretched = f32(1 / f32(f32(factor) * period));
    return f32(f32(stretched * f32(1 - kept)) + f32(f32(1 / period) * kept));
  });
}
