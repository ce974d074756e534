/** Models from elsewhere as policy folders: what is kept, what is made fit, and what is refused by file and tensor. */
import { constants } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { familyWeights } from "../../../tests/goldens/families.ts";
import { readWeights } from "../formats/checkpoint.ts";
import { type TensorSource, writeSafetensors } from "../formats/safetensors.ts";
import { adopted, change, changeMerges, fresh, json, saved, tensors } from "./foreign-policy.test-support.ts";
import { prepareTiny } from "./tiny.ts";

describe("a Hugging Face folder", () => {
  it("that is a policy already keeps the bytes of every file", async () => {
    const source = fresh();
    await prepareTiny(source, 1);
    const folder = await adopted(source);
    expect(readdirSync(folder).sort()).toEqual(readdirSync(source).sort());
    for (const name of readdirSync(source))
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(source, name))), name).toBe(true);
  });

  it("of Qwen3 keeps its own template, weights and stop tokens", async () => {
    const source = await saved("qwen3");
    const folder = await adopted(source);
    expect((await readWeights(folder)).arena).toEqual(familyWeights(json(source, "config.json")).arena);
    const template = readFileSync(join(source, "chat_template.jinja"), "utf8");
    expect(json(folder, "tokenizer_config.json")).toMatchObject({
      chat_template: template,
      eos_token: "<|im_end|>",
    });
    expect(readFileSync(join(folder, "generation_config.json"))).toEqual(
      readFileSync(join(source, "generation_config.json")),
    );
  });

  it("may be in parts, with a tied head written out and a table of frequencies", async () => {
    const source = await saved("qwen2");
    const [first, ...rest] = tensors(source);
    rmSync(join(source, "model.safetensors"));
    const table = { dtype: "F32" as const, shape: [4], read: () => new Float32Array(4) };
    await writeSafetensors(join(source, "model-00001-of-00002.safetensors"), [first!]);
    await writeSafetensors(join(source, "model-00002-of-00002.safetensors"), [
      ...rest,
      { ...first!, name: "lm_head.weight" },
      { ...table, name: "model.layers.0.self_attn.rotary_emb.inv_freq" },
    ]);
    const names = [first!, ...rest].map(({ name }, i) => [
      name,
      `model-0000${i === 0 ? 1 : 2}-of-00002.safetensors`,
    ]);
    writeFileSync(
      join(source, "model.safetensors.index.json"),
      JSON.stringify({ weight_map: Object.fromEntries(names) }),
    );
    change(source, "config.json", { dtype: "bfloat16" });
    const folder = await adopted(source);
    for (const read of [source, folder])
      expect((await readWeights(read)).arena).toEqual(familyWeights(json(source, "config.json")).arena);
    // What is written is float32, and says so.
    expect(json(folder, "config.json").dtype).toBe("float32");
  });

  const edited = (name: string, edit: (source: TensorSource) => TensorSource) => (sources: TensorSource[]) =>
    sources.map((source) => (source.name === name ? edit(source) : source));
  const norm = "model.norm.weight";
  it.each([
    [
      "a value that is no number",
      edited(norm, (s) => ({ ...s, read: () => new Float32Array(16).fill(Number.NaN, 3) })),
      `model.safetensors: tensor '${norm}' holds NaN at element 3`,
    ],
    [
      "a tensor of another shape",
      edited(norm, (s) => ({ ...s, shape: [4, 4] })),
      `tensor '${norm}' is [4,4] where the configuration asks for [16]`,
    ],
    [
      "a head of its own where the configuration ties it to the embedding",
      (sources: TensorSource[]) => [
        ...sources,
        {
          ...sources[0]!,
          name: "lm_head.weight",
          read: () => Float32Array.from(sources[0]!.read() as Float32Array, (x, i) => (i === 7 ? 9 : x)),
        },
      ],
      "model.safetensors: tensor 'lm_head.weight' holds 9 at element 7 where 'model.embed_tokens.weight' holds ",
    ],
    [
      "a tensor too few",
      (sources: TensorSource[]) => sources.filter(({ name }) => name !== norm),
      `it has no tensor '${norm}'`,
    ],
    [
      "a tensor too many",
      (sources: TensorSource[]) => [...sources, { ...sources[0]!, name: "model.extra" }],
      "tensor 'model.extra' has no place in the model",
    ],
  ])("is refused with %s", async (_, edit, message) => {
    await expect(adopted(await saved("qwen3", edit))).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["no config.json", (f: string) => rmSync(join(f, "config.json")), "it has no config.json"],
    [
      "no tokenizer",
      (f: string) => rmSync(join(f, "tokenizer.json")),
      "it has no tokenizer.json; save the model's",
    ],
    [
      "no weights",
      (f: string) => rmSync(join(f, "model.safetensors")),
      "it has neither model.safetensors nor",
    ],
    [
      "weights cut short",
      (f: string) => truncateSync(join(f, "model.safetensors"), 9_000),
      "data bytes and the file has",
    ],
    [
      "another architecture",
      (f: string) => change(f, "config.json", { model_type: "mamba" }),
      "config.json: 'model_type' is not readable",
    ],
    [
      "quantized weights",
      (f: string) => change(f, "config.json", { quantization_config: { quant_method: "gptq" } }),
      "'quantization_config' is not readable",
    ],
    [
      "a token that has no row",
      (f: string) => change(f, "config.json", { vocab_size: 300 }),
      "has id 300, config.json's vocab_size is 300",
    ],
    [
      "a merge that its vocabulary does not know",
      (f: string) => changeMerges(f, (merges) => merges.splice(7, 1, ["Ġ", "Ġnowhere"])),
      'tokenizer.json: merge 7 is ["Ġ","Ġnowhere"], and its vocabulary has no token "Ġnowhere"',
    ],
    [
      "a merge cut short",
      (f: string) => changeMerges(f, (merges) => merges.splice(7, 1, ["Ġ"])),
      'tokenizer.json: merge 7 is ["Ġ"], not a pair of tokens',
    ],
    [
      "a tokenizer that is not byte-level",
      (f: string) => change(f, "tokenizer.json", { pre_tokenizer: { type: "Metaspace" } }),
      "its pre_tokenizer has a step 'Metaspace', known are ByteLevel",
    ],
    [
      "a file that is nested without end",
      (f: string) =>
        writeFileSync(
          join(f, "generation_config.json"),
          `{"x": ${"[".repeat(1e5)}${"]".repeat(1e5)}, "eos_token_id": 1}`,
        ),
      "generation_config.json: it is nested more than 64 deep",
    ],
    [
      "a template that cannot be parsed",
      (f: string) => writeFileSync(join(f, "chat_template.jinja"), "{% if %}"),
      "its chat_template cannot be parsed",
    ],
    [
      "a pipe in the place of a text, which whoever opens it waits for",
      (f: string) => {
        rmSync(join(f, "generation_config.json"));
        execFileSync("mkfifo", [join(f, "generation_config.json")]);
      },
      "generation_config.json: it is no regular file",
    ],
    [
      "more parameters than one array holds",
      (f: string) => change(f, "config.json", { hidden_size: 2 ** 17, vocab_size: 2 ** 22 }),
      constants.MAX_LENGTH < 2 ** 39
        ? `parameters are more than the ${constants.MAX_LENGTH} that Node ${process.version} holds in one array`
        : "where the configuration asks for",
    ],
    [
      "an index that leads out of the folder",
      (f: string) => {
        rmSync(join(f, "model.safetensors"));
        writeFileSync(join(f, "model.safetensors.index.json"), '{"weight_map": {"a": "../a"}}');
      },
      "its weight_map does not give each tensor a file of this folder",
    ],
  ])("is refused with %s", async (_, damage, message) => {
    const source = await saved("qwen3");
    damage(source);
    await expect(adopted(source)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(message),
    });
    await expect(adopted(source)).rejects.toThrow(source);
  });

  it("without a template or turn marks of a known kind is refused with what to write", async () => {
    const source = await saved("qwen2");
    rmSync(join(source, "chat_template.jinja"));
    const { added_tokens: added } = json(source, "tokenizer.json") as { added_tokens: { content: string }[] };
    change(source, "tokenizer.json", {
      added_tokens: added.map((token) => ({ ...token, content: token.content.replace("im_", "turn_") })),
    });
    await expect(adopted(source)).rejects.toThrow(
      "it has no chat_template, and its tokenizer has neither ChatML's nor Llama 3's turn marks for ours; write a chat_template with tools",
    );
  });
});

describe("a base model's folder", () => {
  it("stops where its template ends turns, whatever its eos_token was", async () => {
    const source = await saved("qwen2");
    change(source, "tokenizer_config.json", { eos_token: { content: "<|endoftext|>" } });
    const generation = json(source, "generation_config.json") as { eos_token_id: number[] };
    change(source, "generation_config.json", { eos_token_id: generation.eos_token_id[1] });
    const folder = await adopted(source);
    expect(json(folder, "tokenizer_config.json").eos_token).toBe("<|im_end|>");
    expect(json(folder, "generation_config.json").eos_token_id).toEqual(generation.eos_token_id);
  });
});
