/**
 * A Llama, Qwen2 or Qwen3 in GGUF as Hugging Face has it: tensor names and row order, and the configuration of
 * `gguf-config.ts`. Tensors are read and widened one at a time, when the writer asks for them.
 */
import { type GgufTensor, type GgufValue, readGguf, readGgufTensor } from "./gguf.ts";
import { ggufConfig } from "./gguf-config.ts";
import type { TensorSource } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

/** llama.cpp's name of a tensor, without `blk.N.` -> Hugging Face's, without `model.layers.N.`. */
const layerNames: Readonly<Record<string, string>> = {
  "attn_norm.weight": "input_layernorm.weight",
  "attn_q.weight": "self_attn.q_proj.weight",
  "attn_k.weight": "self_attn.k_proj.weight",
  "attn_v.weight": "self_attn.v_proj.weight",
  "attn_output.weight": "self_attn.o_proj.weight",
  "attn_q.bias": "self_attn.q_proj.bias",
  "attn_k.bias": "self_attn.k_proj.bias",
  "attn_v.bias": "self_attn.v_proj.bias",
  "attn_output.bias": "self_attn.o_proj.bias",
  "attn_q_norm.weight": "self_attn.q_norm.weight",
  "attn_k_norm.weight": "self_attn.k_norm.weight",
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

/** Llama 3's scaling of its frequencies, told by `config.rope_scaling` in Hugging Face's layout. */
const ropeFactors = "rope_freqs.weight";

export interface GgufModel {
  /** A Hugging Face config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly TensorSource[];
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

/** Throws ModelUnreadable for a file that is damaged or holds another architecture. */
export async function readGgufModel(file: string): Promise<GgufModel> {
  const gguf = await readGguf(file);
  const factors = gguf.tensors.get(ropeFactors);
  const config = ggufConfig(gguf, factors && (await readGgufTensor(file, factors)));
  const permuted = config.model_type === "llama";
  const heads = { q: config.num_attention_heads, k: config.num_key_value_heads };
  const tensors = [...gguf.tensors.values()]
    .filter(({ name }) => name !== ropeFactors)
    .map((tensor) => tensorSource(file, tensor, permuted ? heads : undefined));
  return { config, tensors, metadata: gguf.metadata };
}

/** `heads` where the rows of q and k are permuted. */
function tensorSource(
  file: string,
  tensor: GgufTensor,
  heads: { readonly q: number; readonly k: number } | undefined,
): TensorSource {
  const name = huggingFaceName(file, tensor.name);
  const rotary = /attn_([qk])\.(?:weight|bias)$/.exec(tensor.name)?.[1] as "q" | "k" | undefined;
  const read = async () => {
    const values = await readGgufTensor(file, tensor);
    return rotary && heads ? restoreRotaryRows(values, tensor.shape, heads[rotary]) : values;
  };
  return { name, dtype: "F32", shape: tensor.shape, read };
}

function huggingFaceName(file: string, name: string): string {
  const [, layer, rest] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? [];
  const names = layer === undefined ? otherNames : layerNames;
  const known = layer === undefined ? name : rest!;
  if (!Object.hasOwn(names, known))
    throw unreadable(file, `tensor '${name}' is not one of a Llama's or Qwen's`, { name });
  return layer === undefined ? names[known]! : `model.layers.${layer}.${names[known]}`;
}

/**
 * Undoes llama.cpp's permutation of q and k. It stores the rows of a head pairwise, (i, half), as its rotary embedding
 * turns neighbours; Hugging Face rotates halves and has the rows as (half, i).
 *
 *   hf[h, half, i] = gguf[h, i, half]      rows, i < headSize / 2, half in {0, 1}
 *
 * Inverse of `permute` in llama.cpp's convert_hf_to_gguf.py. weights: [heads * headSize, in], or
 * [heads * headSize] for a bias.
 */
export function restoreRotaryRows(
  weights: Float32Array,
  shape: readonly number[],
  heads: number,
): Float32Array {
  const [rows, columns = 1] = shape as [number, number?];
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
