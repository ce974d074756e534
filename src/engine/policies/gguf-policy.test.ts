/** Tiny Llama, Qwen2 and Qwen3 in GGUF, written as llama.cpp's converter writes them, against the folders they come from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  familyFolder,
  familyFolders,
  familyGoldens,
  familyWeights,
} from "../../../tests/goldens/families.ts";
import { readWeights } from "../formats/checkpoint.ts";
import {
  f32,
  ggufFile,
  ggufList,
  ggufText,
  type RawTensor,
  type RawValue,
} from "../formats/gguf.test-support.ts";
import { createChatCodec } from "../tokenizer/codec.ts";
import { writePolicy } from "./foreign-policy.ts";
import { readGgufPolicy } from "./gguf-policy.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-gguf-policy-"));
afterAll(() => rmSync(root, { recursive: true }));

type Config = Readonly<Record<string, number>> & { readonly model_type: string };
interface TokenizerJson {
  readonly added_tokens: readonly { id: number; content: string; special: boolean }[];
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly [string, string][] };
}
const json = <T>(name: string, file: string) =>
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

function tensorsOf(name: string, config: Config): RawTensor[] {
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

function metadataOf(name: string, config: Config, template: string): RawValue[] {
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

function written(name: string, extraMetadata: RawValue[] = [], extraTensors: RawTensor[] = []): string {
  const config = json<Config>(name, "config.json");
  const template = readFileSync(join(familyFolder(name), "chat_template.jinja"), "utf8");
  const file = join(mkdtempSync(join(root, "file-")), `${name}.gguf`);
  const metadata = [...metadataOf(name, config, template), ...extraMetadata];
  writeFileSync(file, ggufFile(metadata, [...tensorsOf(name, config), ...extraTensors]));
  return file;
}

async function adopted(file: string): Promise<string> {
  const folder = mkdtempSync(join(root, "folder-"));
  await writePolicy(await readGgufPolicy(file, undefined), folder, () => {});
  return folder;
}

describe.each(familyFolders)("a %s in GGUF", (name) => {
  it("has the folder's weights, ids, prompts and stop tokens", async () => {
    const golden = familyGoldens.folders[name];
    const folder = await adopted(written(name));
    const expected = familyWeights(json(name, "config.json"));
    const { arena, config } = await readWeights(folder);
    // GGUF has no theta here, and 10,000 is what both mean by that; the tie is told by the missing output matrix.
    expect(config).toEqual({ ...expected.config, rmsNormEpsilon: 1e-5 });
    expect(arena).toEqual(expected.arena);
    const codec = await createChatCodec(folder);
    for (const { text, ids } of golden.tokens)
      expect(codec.encodeAssistant(text).slice(0, -1), JSON.stringify(text)).toEqual(ids);
    expect(codec.stopIds).toEqual([json<Config>(name, "config.json").eos_token_id]);
    const chat = golden.chats.find(({ thinking, tools }) => thinking !== false && tools.length > 0)!;
    // Llama 3's own template asks for calls that Ratchet does not read, so that ours takes its place.
    const prompt = codec.encodePrompt(chat.messages, chat.tools);
    if (name === "llama") expect(codec.decode(prompt)).toContain("Answer by calling these tools:");
    else expect(prompt).toEqual(chat.ids);
  });
});

describe("RoPE scaling in GGUF", () => {
  const configOf = async (file: string) =>
    JSON.parse((await readGgufPolicy(file, undefined)).texts.get("config.json")!) as Record<string, unknown>;

  it("is linear or yarn by name, others are refused", async () => {
    const scaled = (kind: string) =>
      written("qwen3", [
        ggufText("qwen3.rope.scaling.type", kind),
        { key: "qwen3.rope.scaling.factor", value: 4 },
      ]);
    expect((await configOf(scaled("yarn"))).rope_scaling).toEqual({ rope_type: "yarn", factor: 4 });
    expect((await configOf(scaled("linear"))).rope_scaling).toEqual({ rope_type: "linear", factor: 4 });
    expect((await configOf(scaled("none"))).rope_scaling).toBeUndefined();
    await expect(configOf(scaled("longrope"))).rejects.toThrow(
      "it scales its rotary embeddings by 'longrope' and factor 4, known are linear and yarn with a factor",
    );
  });

  it("is Llama 3's where the file's divisors are those, and refused where they are not", async () => {
    const base = [{ key: "llama.rope.freq_base", value: 500_000 }];
    const divisors = (...values: number[]) => {
      const data = Buffer.from(f32(...values));
      return written("llama", base, [
        { name: "rope_freqs.weight", dimensions: [values.length], type: 0, data },
      ]);
    };
    // theta 500,000 and heads of 8: waves of 6, 167, 4,443 and 118,144 tokens; the third is between 2,048 and 8,192.
    const share = (8192 / (2 * Math.PI * 500_000 ** 0.5) - 1) / 3;
    const third = 1 / ((1 - share) / 8 + share);
    expect((await configOf(divisors(1, 1, third, 8))).rope_scaling).toEqual({
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    });
    const refusal = "tensor 'rope_freqs.weight' is not Llama 3's scaling, which is what is known";
    await expect(configOf(divisors(1, 1, 8, 8))).rejects.toThrow(refusal);
    await expect(configOf(divisors(1, third, 8))).rejects.toThrow(refusal);
  });
});
