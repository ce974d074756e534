/**
 * The shape of a Llama or of one of its relatives (Qwen2: biases on query, key and value; Qwen3: norms of queries and
 * keys), parsed once from a Hugging Face config.json. What this engine does not compute is refused here, by name, and not
 * found out later from wrong text.
 */
import { z } from "zod";
import { RatchetError } from "../../core/errors.ts";
import { parseRope, type RopeScaling } from "./rope-scaling.ts";

export interface LlamaConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key and value heads; `heads` is a multiple of it. */
  readonly kvHeads: number;
  /** Size of one head, even; not always hiddenSize / heads. */
  readonly headSize: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
  readonly ropeTheta: number;
  /** Absent where rotary embeddings are as RoFormer has them. */
  readonly ropeScaling?: RopeScaling;
  readonly rmsNormEpsilon: number;
  /** The output head is the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Projections of the attention that add a bias; absent where none does. */
  readonly biases?: readonly Projection[];
  /** Each head's query and key go through a norm of their own before they are turned. */
  readonly queryKeyNorm?: true;
  /** Positions, prompt and response together. */
  readonly contextTokens: number;
}

export type Projection = "q_proj" | "k_proj" | "v_proj" | "o_proj";

/** Far beyond what one machine trains; a larger number is a damaged file, and must not become an allocation. */
const mostLayers = 1024;
const mostWidth = 2 ** 18;
const mostTokens = 2 ** 22;
/** Elements of both rotary tables, 512 MiB: a million positions of heads of 128, as the longest Qwen2.5 has them, fit. */
const mostRotaryElements = 2 ** 27;

const families = ["llama", "qwen2", "qwen3"] as const;
type Family = (typeof families)[number];
/** What transformers' configurations mean by an absent field. */
const defaults: Readonly<Record<Family, { kvHeads?: number; headSize?: number; contextTokens: number }>> = {
  llama: { contextTokens: 2048 },
  qwen2: { kvHeads: 32, contextTokens: 32_768 },
  qwen3: { kvHeads: 32, headSize: 128, contextTokens: 32_768 },
};

const upTo = (most: number) => z.int().positive().max(most);
const huggingFaceConfig = z.object({
  model_type: z.enum(families),
  hidden_size: upTo(mostWidth),
  num_hidden_layers: upTo(mostLayers),
  num_attention_heads: upTo(mostWidth),
  num_key_value_heads: upTo(mostWidth).nullish(),
  head_dim: upTo(mostWidth).nullish(),
  intermediate_size: upTo(mostWidth),
  vocab_size: upTo(mostTokens),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  max_position_embeddings: upTo(mostTokens).optional(),
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.literal(false).default(false),
  use_sliding_window: z.literal(false).default(false),
  layer_types: z.array(z.literal("full_attention")).nullish(),
  quantization_config: z.null().optional(),
});

/** Throws ModelUnreadable naming the file and the field that this engine cannot compute. */
export function parseLlamaConfig(json: unknown, file = "config.json"): LlamaConfig {
  const refuse = (field: string, detail: string) =>
    new RatchetError(
      "ModelUnreadable",
      `${file}: '${field}' ${detail}; this engine runs unquantized Llama, Qwen2 and Qwen3 models with silu, attention over all tokens and RoPE that is unscaled or scaled by linear, dynamic, llama3 or yarn`,
      { file, field },
    );
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(issue?.path.join(".") ?? "", `is not readable: ${issue?.message ?? "unknown reason"}`);
  }
  const c = parsed.data;
  const absent = defaults[c.model_type];
  const heads = c.num_attention_heads;
  const kvHeads =
    c.num_key_value_heads === undefined ? (absent.kvHeads ?? heads) : (c.num_key_value_heads ?? heads);
  const headSize = c.head_dim ?? absent.headSize ?? c.hidden_size / heads;
  const rope = parseRope(json as object, c.max_position_embeddings ?? absent.contextTokens, refuse);
  const { contextTokens } = rope;
  if (heads % kvHeads !== 0) {
    throw refuse("num_key_value_heads", `is ${kvHeads}, which does not divide the ${heads} attention heads`);
  }
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    const field = c.head_dim ? "head_dim" : "num_attention_heads";
    throw refuse(field, `gives heads of ${headSize} values; rotary embeddings need an even number`);
  }
  if (contextTokens * headSize > mostRotaryElements) {
    const most = Math.floor(mostRotaryElements / headSize);
    throw refuse(
      rope.scaling?.kind === "yarn" ? "factor" : "max_position_embeddings",
      `gives ${contextTokens} positions, and at most ${most} of heads of ${headSize} values have room in tables; lower it to the context that is used`,
    );
  }
  const biases = biasedProjections(c.model_type, c.attention_bias);
  return {
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    intermediateSize: c.intermediate_size,
    vocabularySize: c.vocab_size,
    ropeTheta: rope.theta,
    ...(rope.scaling && { ropeScaling: rope.scaling }),
    rmsNormEpsilon: c.rms_norm_eps,
    tiedEmbeddings: c.tie_word_embeddings,
    ...(biases.length > 0 && { biases }),
    ...(c.model_type === "qwen3" && { queryKeyNorm: true }),
    contextTokens,
  };
}

/** Qwen2's three are not a matter of configuration; the others have all four or none. */
function biasedProjections(family: Family, attentionBias: boolean): readonly Projection[] {
  if (family === "qwen2") return ["q_proj", "k_proj", "v_proj"];
  return attentionBias ? ["q_proj", "k_proj", "v_proj", "o_proj"] : [];
}
