/**
 * The shape of a Llama, parsed once from a Hugging Face config.json. What this engine does not compute (biases, scaled
 * rotary embeddings, other activations) is refused here, by name, and not found out later from wrong text.
 */
import { z } from "zod";
import { RatchetError } from "../../core/errors.ts";

export interface LlamaConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key and value heads; `heads` is a multiple of it. */
  readonly kvHeads: number;
  /** Size of one head, even. */
  readonly headSize: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
  readonly ropeTheta: number;
  readonly rmsNormEpsilon: number;
  /** The output head is the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Positions, prompt and response together. */
  readonly contextTokens: number;
}

const positive = z.int().positive();
const ropeSettings = z.object({
  rope_type: z.literal("default").optional(),
  rope_theta: z.number().positive().optional(),
});

const huggingFaceConfig = z.object({
  model_type: z.literal("llama"),
  hidden_size: positive,
  num_hidden_layers: positive,
  num_attention_heads: positive,
  num_key_value_heads: positive.optional(),
  head_dim: positive.nullish(),
  intermediate_size: positive,
  vocab_size: positive,
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.null().optional(),
  rope_parameters: ropeSettings.nullish(),
  rms_norm_eps: z.number().positive(),
  tie_word_embeddings: z.boolean().default(false),
  max_position_embeddings: positive,
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
});

const unreadable = (field: string, detail: string) =>
  new RatchetError(
    "ModelUnreadable",
    `config.json: '${field}' ${detail}; this engine runs Llama models with silu, no biases and unscaled RoPE`,
    { field },
  );

/** Throws ModelUnreadable naming the field that this engine cannot compute. */
export function parseLlamaConfig(json: unknown): LlamaConfig {
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(issue?.path.join(".") ?? "", `is not readable: ${issue?.message ?? "unknown reason"}`);
  }
  const c = parsed.data;
  const heads = c.num_attention_heads;
  const kvHeads = c.num_key_value_heads ?? heads;
  const headSize = c.head_dim ?? c.hidden_size / heads;
  if (heads % kvHeads !== 0) {
    throw unreadable(
      "num_key_value_heads",
      `is ${kvHeads}, which does not divide the ${heads} attention heads`,
    );
  }
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw unreadable(
      "num_attention_heads",
      `gives heads of ${headSize} values; rotary embeddings need an even number`,
    );
  }
  return {
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    intermediateSize: c.intermediate_size,
    vocabularySize: c.vocab_size,
    // 10,000 is the default of transformers' LlamaConfig.
    ropeTheta: c.rope_theta ?? c.rope_parameters?.rope_theta ?? 10_000,
    rmsNormEpsilon: c.rms_norm_eps,
    tiedEmbeddings: c.tie_word_embeddings,
    contextTokens: c.max_position_embeddings,
  };
}
