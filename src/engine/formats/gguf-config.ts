/** The config.json that a GGUF file's metadata stands for; what it cannot say is refused by its key. */
import { parseLlamaConfig } from "../model/config.ts";
import { ropeFrequencies } from "../model/rope-frequencies.ts";
import type { Gguf } from "./gguf.ts";
import { asWritten, ggufRopeScaling, refuseOtherAttention } from "./gguf-attention.ts";
import { unreadable } from "./unreadable.ts";

const classes: Readonly<Record<string, string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/** `ropeFactors`: what llama.cpp divides each frequency by, [headSize / 2], where the file has such a tensor. */
export function ggufConfig(gguf: Gguf, ropeFactors: Float32Array | undefined) {
  const family = gguf.metadata.get("general.architecture");
  if (typeof family !== "string" || !Object.hasOwn(classes, family))
    throw unreadable(
      gguf.file,
      `its architecture is '${family}', known are ${Object.keys(classes).join(", ")}`,
    );
  const optional = (key: string): number | undefined => {
    const value = gguf.metadata.get(key);
    if (value === undefined || typeof value === "number") return value;
    throw unreadable(gguf.file, `its metadata '${key}' is no number`, { key });
  };
  const number = (key: string): number => {
    const value = optional(key);
    if (value !== undefined) return value;
    throw unreadable(gguf.file, `its metadata has no number '${key}'`, { key });
  };
  const hidden = number(`${family}.embedding_length`);
  const heads = number(`${family}.attention.head_count`);
  const headSize = optional(`${family}.attention.key_length`) ?? hidden / heads;
  const turned = optional(`${family}.rope.dimension_count`) ?? headSize;
  if (turned !== headSize)
    throw unreadable(
      gguf.file,
      `it turns ${turned} of the ${headSize} values of a head; all is what is known`,
    );
  refuseOtherAttention(gguf, family, headSize);
  const config = {
    architectures: [classes[family]!],
    attention_bias: family !== "qwen2" && gguf.tensors.has("blk.0.attn_q.bias"),
    bos_token_id: optional("tokenizer.ggml.bos_token_id"),
    dtype: "float32",
    eos_token_id: number("tokenizer.ggml.eos_token_id"),
    head_dim: headSize,
    hidden_act: "silu",
    hidden_size: hidden,
    intermediate_size: number(`${family}.feed_forward_length`),
    max_position_embeddings: number(`${family}.context_length`),
    mlp_bias: family === "llama" ? false : undefined,
    model_type: family,
    num_attention_heads: heads,
    num_hidden_layers: number(`${family}.block_count`),
    num_key_value_heads: optional(`${family}.attention.head_count_kv`) ?? heads,
    pad_token_id: optional("tokenizer.ggml.padding_token_id"),
    rms_norm_eps: asWritten(number(`${family}.attention.layer_norm_rms_epsilon`)),
    rope_scaling: ggufRopeScaling(gguf, family),
    rope_theta: asWritten(optional(`${family}.rope.freq_base`) ?? 10_000),
    tie_word_embeddings: !gguf.tensors.has("output.weight"),
    torch_dtype: "float32",
    vocab_size: gguf.tensors.get("token_embd.weight")?.shape[0] ?? number(`${family}.vocab_size`),
  };
  return ropeFactors ? { ...config, rope_scaling: llama3Scaling(gguf.file, config, ropeFactors) } : config;
}

/**
 * Llama 3.1 to 3.3 in GGUF carry their scaling as finished divisors. All were made from the same settings but for the
 * factor, which is the largest divisor; the divisors that these settings give must be the file's.
 */
function llama3Scaling(file: string, config: object, factors: Float32Array): object {
  const rope_scaling = {
    rope_type: "llama3",
    factor: asWritten(factors.reduce((most, factor) => Math.max(most, factor), 1)),
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const plain = ropeFrequencies(parseLlamaConfig(config, file));
  const scaled = ropeFrequencies(parseLlamaConfig({ ...config, rope_scaling }, file));
  const fits =
    factors.length === plain.length &&
    plain.every((frequency, i) => Math.abs(frequency / scaled[i]! / factors[i]! - 1) < 1e-3);
  if (!fits)
    throw unreadable(file, "tensor 'rope_freqs.weight' is not Llama 3's scaling, which is what is known");
  return rope_scaling;
}
