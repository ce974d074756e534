/** Cosines and sines of rotary position embedding for every position of a model's context. */
import type { LlamaConfig } from "./config.ts";

export interface RopeTables {
  /** Both [contextTokens, headSize / 2], row-major. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly shape: readonly [number, number];
}

/**
 * Angle of position p and pair i: p / theta^(2i / D), each step rounded to float32 as transformers' LlamaRotaryEmbedding
 * does; in float64 the angles of late positions would differ from what models were trained with by up to 5e-4.
 */
export function ropeTables({ headSize, contextTokens, ropeTheta }: LlamaConfig): RopeTables {
  const half = headSize / 2;
  const frequencies = Array.from({ length: half }, (_, i) =>
    Math.fround(1 / Math.fround(ropeTheta ** Math.fround((2 * i) / headSize))),
  );
  const cos = new Float32Array(contextTokens * half);
  const sin = new Float32Array(contextTokens * half);
  for (let position = 0; position < contextTokens; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin, shape: [contextTokens, half] };
}
