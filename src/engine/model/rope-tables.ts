/** Cosines and sines of rotary position embedding for every position of a model's context. */
import type { LlamaConfig } from "./config.ts";
import { ropeFrequencies } from "./rope-frequencies.ts";

export interface RopeTables {
  /** Both [contextTokens, headSize / 2], row-major. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly shape: readonly [number, number];
}

/**
 * Angle of position p and pair i: p / theta^(2i / D) where nothing is scaled, each step rounded to float32 as transformers'
 * LlamaRotaryEmbedding does; in float64 the angles of late positions would differ from what models were trained with by up
 * to 5e-4.
 */
export function ropeTables(config: LlamaConfig): RopeTables {
  const { headSize, contextTokens, ropeScaling } = config;
  const half = headSize / 2;
  const frequencies = ropeFrequencies(config);
  const magnitude = ropeScaling?.kind === "yarn" ? ropeScaling.attentionFactor : 1;
  const cos = new Float32Array(contextTokens * half);
  const sin = new Float32Array(contextTokens * half);
  for (let position = 0; position < contextTokens; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = magnitude * Math.cos(angle);
      sin[position * half + i] = magnitude * Math.sin(angle);
    }
  }
  return { cos, sin, shape: [contextTokens, half] };
}
