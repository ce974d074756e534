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
import { f32, ggufFile, ggufText, type RawTensor, type RawValue } from "../formats/gguf.test-support.ts";
import { createChatCodec } from "../tokenizer/codec.ts";
import { writePolicy } from "./foreign-policy.ts";
import { type Config, json, metadataOf, tensorsOf } from "./gguf-policy.test-support.ts";
import { readGgufPolicy } from "./gguf-policy.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-gguf-policy-"));
afterAll(() => rmSync(root, { recursive: true }));

function written(
  name: string,
  extraMetadata: RawValue[] = [],
  extraTensors: RawTensor[] = [],
  without: readonly string[] = [],
): string {
  const config = json<Config>(name, "config.json");
  const template = readFileSync(join(familyFolder(name), "chat_template.jinja"), "utf8");
  const file = join(mkdtempSync(join(root, "file-")), `${name}.gguf`);
  const whole = [...metadataOf(name, config, template), ...extraMetadata];
  const metadata = whole.filter((entry) => Buffer.isBuffer(entry) || !without.includes(entry.key));
  writeFileSync(file, ggufFile(metadata, [...tensorsOf(name, config), ...extraTensors]));
  return file;
}

async function adopted(file: string): Promise<string> {
  const folder = mkdtempSync(join(root, "folder-"));
  await writePolicy(await readGgufPolicy(file, undefined), folder);
  return folder;
}

interface Added {
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

/** The file names the first of them; what llama.cpp knows by name ends a response as well. */
const ends = {
  llama: ["<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"],
  qwen2: ["<|im_end|>", "<|endoftext|>"],
  qwen3: ["<|im_end|>", "<|endoftext|>"],
};

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
    expect(codec.stopIds[0]).toBe(json<Config>(name, "config.json").eos_token_id);
    const { added_tokens: added } = json<Added>(name, "tokenizer.json");
    expect(codec.stopIds.map((stop) => added.find(({ id }) => id === stop)?.content)).toEqual(
      ends[name as keyof typeof ends],
    );
    const chat = golden.chats.find(({ thinking, tools }) => thinking !== false && tools.length > 0)!;
    // Llama 3's own template asks for calls that Ratchet does not read, so that ours takes its place.
    const prompt = codec.encodePrompt(chat.messages, chat.tools);
    if (name === "llama") expect(codec.decode(prompt)).toContain("Answer by calling these tools:");
    else expect(prompt).toEqual(chat.ids);
  });
});

it("a template for tools comes before the other in GGUF", async () => {
  const template = `{# for tools #}${readFileSync(join(familyFolder("qwen2"), "chat_template.jinja"), "utf8")}`;
  const file = written("qwen2", [ggufText("tokenizer.chat_template.tool_use", template)]);
  const { texts } = await readGgufPolicy(file, undefined);
  expect(JSON.parse(texts.get("tokenizer_config.json")!)).toMatchObject({ chat_template: template });
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

  it("takes yarn's own settings, and the factor without a kind or under its early name as linear", async () => {
    const scaling = async (values: Record<string, number>, kind?: string) => {
      const extra = Object.entries(values).map(([key, value]) => ({ key: `qwen3.rope.${key}`, value }));
      const named = kind === undefined ? [] : [ggufText("qwen3.rope.scaling.type", kind)];
      return (await configOf(written("qwen3", [...named, ...extra]))).rope_scaling;
    };
    const yarn = {
      "scaling.factor": 4,
      "scaling.original_context_length": 64,
      "scaling.attn_factor": 0.5,
      "scaling.yarn_beta_fast": 16,
      "scaling.yarn_beta_slow": 2,
      "scaling.yarn_ext_factor": 1,
    };
    expect(await scaling(yarn, "yarn")).toEqual({
      rope_type: "yarn",
      factor: 4,
      original_max_position_embeddings: 64,
      // 0.5 * (0.1 ln 4 + 1)
      attention_factor: 0.5693147,
      beta_fast: 16,
      beta_slow: 2,
    });
    expect(await scaling({ "scaling.factor": 2 })).toEqual({ rope_type: "linear", factor: 2 });
    expect(await scaling({ scale_linear: 2 })).toEqual({ rope_type: "linear", factor: 2 });
    expect(await scaling({ scale_linear: 1 })).toBeUndefined();
    await expect(scaling({ "scaling.attn_factor": 0.5 })).rejects.toThrow("by 'linear' with attn_factor 0.5");
    await expect(scaling({ ...yarn, "scaling.yarn_ext_factor": 0.5 }, "yarn")).rejects.toThrow(
      "by 'yarn' with yarn_ext_factor 0.5, which is not computed here",
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

describe("attention in GGUF", () => {
  const withKey = (key: string, value: number) =>
    readGgufPolicy(written("qwen3", [{ key, value }]), undefined);

  it.each([
    ["qwen3.attention.sliding_window", 16],
    ["qwen3.attention.scale", 0.5],
    ["qwen3.attention.value_length", 16],
    ["qwen3.attention.clamp_kqv", 8],
    ["qwen3.rope.dimension_sections", 3],
    ["qwen3.rope.scaling.yarn_log_multiplier", 0.1],
  ])("is refused where '%s' asks for what is not computed", async (key, value) => {
    await expect(withKey(key, value)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(`its metadata '${key}' is `),
    });
  });

  it("may say what is computed anyway: no window, one longer than the context, the usual scale", async () => {
    for (const [key, value] of [
      ["qwen3.attention.sliding_window", 0],
      ["qwen3.attention.sliding_window", 1_000_000],
      ["qwen3.attention.scale", 0],
      ["qwen3.attention.scale", 8 ** -0.5],
      ["qwen3.attention.value_length", 8],
    ] as const)
      expect((await withKey(key, value)).tensors.length).toBeGreaterThan(0);
  });

  it("has as many key and value heads as heads where the file does not say", async () => {
    await expect(
      readGgufPolicy(written("qwen3", [], [], ["qwen3.attention.head_count_kv"]), undefined),
    ).rejects.toThrow(
      "tensor 'model.layers.0.self_attn.k_proj.weight' is [16,16] where the configuration asks for [32,16]",
    );
  });
});
