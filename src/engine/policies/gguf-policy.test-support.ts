/** Tiny Llama, Qwen2 and Qwen3 in GGUF, as llama.cpp's converter writes them: metadata and tensors of `families.py`'s folders. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { familyFolder, familyWeights } from "../../../tests/goldens/families.ts";
import { f32, ggufList, ggufText, type RawTensor, type RawValue } from "../formats/gguf.test-support.ts";

export type Config = Readonly<Record<string, number>> & { readonly model_type: string };
interface TokenizerJson {
  readonly added_tokens: readonly { id: number; content: string; special: boolean }[];
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly [string, string][] };
}
export const json = <T>(name: string, file: string) =>
  JSON.parse(readFileSync(join(familyFolder(name), file), "utf8")) as T;

/** Names as in gguf-py's tensor_mapping.py. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^model\.layers\.(\d+)\.input_layernorm/, "blk.$1.attn_norm"],
  [/^model\.layers\.(\d+)\.post_attention_layernorm/, "blk.$1.ffn_norm"],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj/, "blk.$1.attn_output"],
  [/^model\.layers\.(\d+)\.self_attn\.([qk])_norm/, "blk.$1.attn_$2_norm"],
  [/^model\.layers\.(\d+)\.self_attn\.([qkv])_proj/, "blk.$1.attn_$2"],
  [/^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj/, "blk.$1.ffn_$2"],
];
const ggufName = (name: string) => {
  const [pattern, replacement] = names.find(([each]) => each.test(name))!;
  return name.replace(pattern, replacement);
};

/** llama.cpp's order of a head's rows for Llama: pairs (i, i + D / 2) side by side. */
function inPairs(data: Float32Array, heads: number, columns: number): Float32Array {
  const size = data.length / columns / heads;
  const out = new Float32Array(data.length);
  for (let row = 0; row < heads * size; row++) {
    const inHead = row % size;
    const source = row - inHead + (inHead % 2) * (size / 2) + Math.floor(inHead / 2);
    out.set(data.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return out;
}

export function tensorsOf(name: string, config: Config): RawTensor[] {
  return [...familyWeights(config).tensors].map(([tensor, { shape, data }]) => {
    const heads =
      /self_attn\.([qk])_proj/.exec(tensor)?.[1] === "q" ? "num_attention_heads" : "num_key_value_heads";
    const permuted = name === "llama" && /self_attn\.[qk]_proj/.test(tensor);
    const values = permuted ? inPairs(data, config[heads]!, shape[1] ?? 1) : data;
    return {
      name: ggufName(tensor),
      dimensions: [...shape].reverse(),
      type: 0,
      data: Buffer.from(f32(...values)),
    };
  });
}

export function metadataOf(name: string, config: Config, template: string): RawValue[] {
  const { added_tokens: added, model } = json<TokenizerJson>(name, "tokenizer.json");
  const tokens = Array.from({ length: config.vocab_size! }, (_, id) => `[PAD${id}]`);
  const types = tokens.map(() => 5);
  for (const [token, id] of Object.entries(model.vocab)) [tokens[id], types[id]] = [token, 1];
  for (const { id, content, special } of added) [tokens[id], types[id]] = [content, special ? 3 : 4];
  const numbers = {
    "tokenizer.ggml.eos_token_id": config.eos_token_id!,
    "tokenizer.ggml.padding_token_id": config.pad_token_id!,
    [`${name}.embedding_length`]: config.hidden_size!,
    [`${name}.attention.head_count`]: config.num_attention_heads!,
    [`${name}.attention.head_count_kv`]: config.num_key_value_heads!,
    [`${name}.attention.key_length`]: 8,
    [`${name}.rope.dimension_count`]: 8,
    [`${name}.feed_forward_length`]: config.intermediate_size!,
    [`${name}.context_length`]: config.max_position_embeddings!,
    [`${name}.block_count`]: config.num_hidden_layers!,
    [`${name}.attention.layer_norm_rms_epsilon`]: config.rms_norm_eps!,
    ...(name === "llama" && {
      "tokenizer.ggml.bos_token_id": model.vocab["<|begin_of_text|>"] ?? added[0]!.id,
    }),
  };
  return [
    ggufText("general.architecture", name),
    ggufText("tokenizer.ggml.model", "gpt2"),
    ggufText("tokenizer.ggml.pre", name === "llama" ? "llama-bpe" : "qwen2"),
    ggufText("tokenizer.chat_template", template),
    ggufList("tokenizer.ggml.tokens", tokens),
    ggufList("tokenizer.ggml.token_type", types),
    ggufList(
      "tokenizer.ggml.merges",
      model.merges.map((pair) => pair.join(" ")),
    ),
    ...Object.entries(numbers).map(([key, value]) => ({ key, value })),
  ];
}
