/**
 * A Llama in GGUF as Hugging Face has it: configuration, tensor names and row order. Tensors are widened one at a time,
 * when the writer asks for them.
 */
import { type Gguf, type GgufTensor, type GgufValue, readGguf } from "./gguf.ts";
import { blockLayouts } from "./gguf-blocks.ts";
import type { TensorSource } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

/** llama.cpp's name of a tensor, without `blk.N.` -> Hugging Face's, without `model.layers.N.`. */
const layerNames: Readonly<Record<string, string>> = {
  "attn_norm.weight": "input_layernorm.weight",
  "attn_q.weight": "self_attn.q_proj.weight",
  "attn_k.weight": "self_attn.k_proj.weight",
  "attn_v.weight": "self_attn.v_proj.weight",
  "attn_output.weight": "self_attn.o_proj.weight",
  "ffn_norm.weight": "post_attention_layernorm.weight",
  "ffn_gate.weight": "mlp.gate_proj.weight",
  "ffn_up.weight": "mlp.up_proj.weight",
  "ffn_down.weight": "mlp.down_proj.weight",
};
const otherNames: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

export interface GgufLlama {
  /** A Hugging Face config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly TensorSource[];
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

/** Throws ModelUnreadable for a file that is damaged or holds another architecture. */
export async function readGgufLlama(file: string): Promise<GgufLlama> {
  const gguf = await readGguf(file);
  const architecture = gguf.metadata.get("general.architecture");
  if (architecture !== "llama") throw unreadable(file, `its architecture is '${architecture}', not 'llama'`);
  const config = readConfig(gguf);
  const heads = { q: config.num_attention_heads, k: config.num_key_value_heads };
  const tensors = [...gguf.tensors.values()].map((tensor) => readTensor(file, tensor, heads));
  return { config, tensors, metadata: gguf.metadata };
}

function readTensor(file: string, tensor: GgufTensor, heads: { q: number; k: number }): TensorSource {
  const name = huggingFaceName(file, tensor.name);
  const { widen } = blockLayouts.get(tensor.type)!;
  const rotary = /attn_([qk])\.weight$/.exec(tensor.name)?.[1] as "q" | "k" | undefined;
  const read = () => {
    const values = widen(tensor.bytes);
    return rotary === undefined ? values : restoreRotaryRows(values, tensor.shape, heads[rotary]);
  };
  return { name, dtype: "F32", shape: tensor.shape, read };
}

function huggingFaceName(file: string, name: string): string {
  const [, layer, rest] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? [];
  const translated = layer === undefined ? otherNames[name] : layerNames[rest!];
  if (translated === undefined) throw unreadable(file, `tensor '${name}' is not one of a Llama's`, { name });
  return layer === undefined ? translated : `model.layers.${layer}.${translated}`;
}

/**
 * Undoes llama.cpp's permutation of q and k. It stores the rows of a head pairwise, (i, half), as its rotary embedding
 * turns neighbours; Hugging Face rotates halves and has the rows as (half, i).
 *
 *   hf[h, half, i] = gguf[h, i, half]      rows, i < headSize / 2, half in {0, 1}
 *
 * Inverse of `permute` in llama.cpp's convert_hf_to_gguf.py. weights: [heads * headSize, in].
 */
export function restoreRotaryRows(
  weights: Float32Array,
  shape: readonly number[],
  heads: number,
): Float32Array {
  const [rows, columns] = shape as [number, number];
  const headSize = rows / heads;
  const half = headSize / 2;
  const out = new Float32Array(weights.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headSize;
    const source = row - inHead + (inHead % half) * 2 + Math.floor(inHead / half);
    out.set(weights.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return out;
}

/** A float32 as the shortest decimal that was meant: 1e-5 and not 9.999999747378752e-6. */
const asWritten = (value: number) => Number(value.toPrecision(7));

function readConfig(gguf: Gguf) {
  const number = (key: string): number => {
    const value = gguf.metadata.get(key);
    if (typeof value === "number") return value;
    throw unreadable(gguf.file, `its metadata has no number '${key}'`, { key });
  };
  if (gguf.metadata.has("llama.rope.scaling.type"))
    throw unreadable(gguf.file, "it scales its rotary embeddings, which this engine does not");
  const hidden = number("llama.embedding_length");
  const heads = number("llama.attention.head_count");
  return {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    bos_token_id: number("tokenizer.ggml.bos_token_id"),
    dtype: "float32",
    eos_token_id: number("tokenizer.ggml.eos_token_id"),
    head_dim: hidden / heads,
    hidden_act: "silu",
    hidden_size: hidden,
    intermediate_size: number("llama.feed_forward_length"),
    max_position_embeddings: number("llama.context_length"),
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: heads,
    num_hidden_layers: number("llama.block_count"),
    num_key_value_heads: number("llama.attention.head_count_kv"),
    pad_token_id: number("tokenizer.ggml.padding_token_id"),
    rms_norm_eps: asWritten(number("llama.attention.layer_norm_rms_epsilon")),
    rope_theta: asWritten(number("llama.rope.freq_base")),
    tie_word_embeddings: !gguf.tensors.has("output.weight"),
    torch_dtype: "float32",
    vocab_size: gguf.tensors.get("token_embd.weight")?.shape[0] ?? number("llama.vocab_size"),
  };
}
