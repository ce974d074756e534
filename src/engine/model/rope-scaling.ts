/**
 * RoPE scaling as it is published in config.json: `rope_parameters`, earlier `rope_scaling`, with the defaults that
 * transformers gives what is absent. Kinds and settings that are not computed here are refused by name.
 */
import { z } from "zod";
import type { RatchetError } from "../../core/errors.ts";

/** `factor`: how many times longer the context became; `originalTokens`: the context before that. */
export type RopeScaling =
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalTokens: number;
    }
  | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalTokens: number;
      /** Whether the ramp begins and ends at whole pairs. */
      readonly truncate: boolean;
      /** Cosines and sines are multiplied by this, so that scores grow with the context. */
      readonly attentionFactor: number;
    };

const positive = z.number().positive();
const kinds = ["default", "linear", "dynamic", "llama3", "yarn"] as const;
const settings = z.strictObject({
  rope_type: z.enum(kinds).optional(),
  type: z.enum(kinds).optional(),
  rope_theta: positive.nullish(),
  factor: positive.nullish(),
  low_freq_factor: positive.nullish(),
  high_freq_factor: positive.nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  attention_factor: positive.nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: z.boolean().nullish(),
  partial_rotary_factor: z.literal(1).nullish(),
});
const ropeFields = z.object({
  rope_theta: positive.nullish(),
  rope_scaling: settings.nullish(),
  rope_parameters: settings.nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  partial_rotary_factor: z.literal(1).nullish(),
});

export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling | undefined;
  /** Positions that the model can tell apart: max_position_embeddings, or what yarn makes of the original ones. */
  readonly contextTokens: number;
}

/**
 * The base and the scaling that a config.json names; `refuse` makes the error for a field.
 *
 * @param contextTokens max_position_embeddings.
 */
export function parseRope(
  json: object,
  contextTokens: number,
  refuse: (field: string, detail: string) => RatchetError,
): Rope {
  const parsed = ropeFields.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(issue?.path.join(".") ?? "", `is not readable: ${issue?.message ?? "unknown reason"}`);
  }
  const fields = parsed.data;
  const [place, s] = fields.rope_scaling
    ? (["rope_scaling", fields.rope_scaling] as const)
    : (["rope_parameters", fields.rope_parameters ?? {}] as const);
  // 10,000 is the default of transformers for every family.
  const theta = s.rope_theta ?? fields.rope_theta ?? fields.rope_parameters?.rope_theta ?? 10_000;
  const stated = fields.original_max_position_embeddings ?? s.original_max_position_embeddings ?? undefined;
  const originalTokens = stated ?? contextTokens;
  const needed = (name: "factor" | "low_freq_factor" | "high_freq_factor") => {
    const value = s[name];
    if (value == null) throw refuse(`${place}.${name}`, `is absent, which '${kind}' needs`);
    return value;
  };
  const kind = s.rope_type ?? s.type ?? "default";
  switch (kind) {
    case "default":
      return { theta, scaling: undefined, contextTokens };
    case "dynamic":
      // Beyond max_position_embeddings the base grows with the sequence, and with it every key that was computed before:
      // no prefix could be shared by sequences of different lengths. So the context ends there, where nothing is scaled.
      needed("factor");
      return { theta, scaling: undefined, contextTokens };
    case "linear":
      return { theta, scaling: { kind, factor: needed("factor") }, contextTokens };
    case "llama3": {
      const [low, high] = [needed("low_freq_factor"), needed("high_freq_factor")];
      if (low >= high)
        throw refuse(`${place}.low_freq_factor`, `is ${low}, not below high_freq_factor ${high}`);
      return {
        theta,
        scaling: {
          kind,
          factor: needed("factor"),
          lowFrequencyFactor: low,
          highFrequencyFactor: high,
          originalTokens,
        },
        contextTokens,
      };
    }
    case "yarn": {
      const factor = s.factor ?? contextTokens / originalTokens;
      return {
        theta,
        // As Qwen2.5 and Qwen3 are published: max_position_embeddings stays what it was before the factor.
        contextTokens:
          stated === undefined ? contextTokens : Math.max(contextTokens, Math.floor(factor * stated)),
        scaling: {
          kind,
          factor,
          betaFast: s.beta_fast ?? 32,
          betaSlow: s.beta_slow ?? 1,
          originalTokens,
          truncate: s.truncate ?? true,
          attentionFactor: s.attention_factor ?? yarnAttention(factor, s.mscale, s.mscale_all_dim),
        },
      };
    }
  }
}

/** 0.1 ln(factor) + 1 (YaRN, arXiv 2309.00071, equation 22), or the ratio of two such where both scales are given. */
function yarnAttention(
  factor: number,
  scale: number | null | undefined,
  allScale: number | null | undefined,
) {
  const magnitude = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return scale && allScale ? magnitude(scale) / magnitude(allScale) : magnitude(1);
}
