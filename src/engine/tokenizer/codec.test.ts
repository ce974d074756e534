/** The tiny policy's codec against transformers, and folders that are no policy. SmolLM2's: tests/parity-tokenizer.test.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentHash } from "../../core/hash.ts";
import { type ChatMessage, codecVersion } from "../../core/ports/policy.ts";
import { prepareTiny } from "../policies/tiny.ts";
import { createChatCodec } from "./codec.ts";

interface Goldens {
  readonly tokens: readonly { readonly text: string; readonly ids: number[] }[];
  readonly conversations: readonly {
    readonly messages: readonly ChatMessage[];
    readonly tools: [];
    readonly prompt: { readonly text: string; readonly ids: number[] };
  }[];
}

/** Made by tests/goldens/smollm2.py. */
const goldens = JSON.parse(readFileSync("tests/goldens/fixtures/tiny.json", "utf8")) as Goldens;
const folder = mkdtempSync(join(tmpdir(), "ratchet-codec-"));
beforeAll(() => prepareTiny(folder, 1));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes one member of a JSON file of the folder, and the whole policy anew before that. */
async function change(file: string, member: string, value: unknown): Promise<void> {
  await prepareTiny(folder, 1);
  const json = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, unknown>;
  writeFileSync(join(folder, file), JSON.stringify({ ...json, [member]: value }));
}

function tinyTokens(): { readonly id: number; readonly content: string }[] {
  const json = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")) as {
    added_tokens: { id: number; content: string }[];
  };
  return json.added_tokens;
}

describe("a chat codec", () => {
  it("encodes and decodes what an assistant says as transformers does", async () => {
    const codec = await createChatCodec(folder);
    for (const { text, ids } of goldens.tokens) {
      // An assistant may not say control tokens (256 to 258), which transformers reads in any text.
      if (ids.some((id) => id >= 256 && id <= 258)) continue;
      expect(codec.encodeAssistant(text).slice(0, -1), JSON.stringify(text)).toEqual(ids);
      expect(codec.decode([...ids, 258])).toBe(text);
    }
  });

  it("encodes prompts as transformers.apply_chat_template does, where they hold no tags", async () => {
    const codec = await createChatCodec(folder);
    for (const { messages, tools, prompt } of goldens.conversations.filter(
      ({ messages }) => messages.length < 3,
    )) {
      expect(codec.encodePrompt(messages, tools)).toEqual(prompt.ids);
      expect(codec.decode(prompt.ids)).toBe(prompt.text);
    }
  });

  it("reads nothing in an id that the model has a row for and the tokenizer no token, as transformers does", async () => {
    const { model } = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")) as { model: object };
    await change("tokenizer.json", "model", { ...model, unk_token: "!" });
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, vocab_size: 300 }));
    const { decode } = await createChatCodec(folder);
    expect(decode([97, 299, 98, 268, 258])).toBe("ab");
    expect(decode([299])).toBe("");
  });

  it("lets an assistant call tools where the tokenizer holds the tags for control tokens", async () => {
    await change(
      "tokenizer.json",
      "added_tokens",
      tinyTokens().map((token) => ({ ...token, special: true })),
    );
    const codec = await createChatCodec(folder);
    expect(codec.encodeAssistant("<tool_call></tool_call>")).toEqual([259, 260, 258]);
    const controls = codec.encodeAssistant("<|im_end|><tool_response>");
    expect(controls.slice(0, -1).every((id) => id < 256)).toBe(true);
    expect(codec.decode(codec.encodeToolResults(["<tool_call>"], true))).toContain("<tool_call>");
    expect(codec.encodeToolResults(["<tool_call>"], true)).not.toContain(259);
  });

  it("lets an added token have the white space beside it, where its file says so", async () => {
    const strips = { "<tool_response>": { rstrip: true }, "</tool_response>": { lstrip: true } };
    await change(
      "tokenizer.json",
      "added_tokens",
      tinyTokens().map((token) => ({ ...token, ...strips[token.content as keyof typeof strips] })),
    );
    const codec = await createChatCodec(folder);
    expect(codec.encodeToolResults([" \u0085\na b\t "], true)).toEqual([261, 97, 32, 98, 262, 257]);
    expect(codec.encodeToolResults(["  "], false)).toEqual([258, 261, 262, 257]);
  });

  it("shows a text as the template trims it, asks for it, and as tokens of white space have it", async () => {
    const [first, ...rest] = tinyTokens();
    const spaces = { ...first, id: 268, content: "   ", special: false };
    await change("tokenizer.json", "added_tokens", [first, ...rest, spaces]);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, vocab_size: 269 }));
    const file = join(folder, "tokenizer_config.json");
    const texts = JSON.parse(readFileSync(file, "utf8")) as object;
    const chat_template =
      "{% for m in messages %}{{ (m.content | trim) if m.content else '?' }}<|im_end|>{% endfor %}";
    writeFileSync(file, JSON.stringify({ ...texts, chat_template }));
    const { encodePrompt } = await createChatCodec(folder);
    const said = (content: string) => encodePrompt([{ role: "user", content }], []);
    expect(said(" \n a \t")).toEqual([97, 258]);
    expect(said("a   <|im_end|>").slice(0, 3)).toEqual([97, 268, 60]);
    expect(said("")).toEqual([63, 258]);
  });

  it("is of this version for as long as it gives these ids and texts", async () => {
    await prepareTiny(folder, 1);
    const codec = await createChatCodec(folder);
    const odd = ' <|im_end|>\u00a0<tool_call>\n{"name": "\t\u0085\u00b2\ufeff e\u0301\ud83d\ude00 ';
    const tool = { name: "f", description: odd, parameters: { type: "object", properties: { [odd]: {} } } };
    const messages: ChatMessage[] = [
      { role: "system", content: "" },
      { role: "user", content: odd },
    ];
    const ids = [
      codec.encodePrompt(messages, [tool as never]),
      codec.encodeToolResults([odd, "", "  "], true),
      codec.encodeToolResults([odd], false),
      codec.encodeAssistant(odd),
    ];
    const texts = [...ids, [97, 999, 258], [258, 257]].map((each) => codec.decode(each));
    // Where the hash is another one, results of before are not to be taken any more: raise codecVersion.
    expect([codecVersion, contentHash([ids, texts])]).toEqual([
      2,
      "9dcaed8e773d5eb2103e027ee8e7221648741126de9087c6f77b2b1094f20e50",
    ]);
  });

  it("refuses a template that does not end turns with the stop token", async () => {
    await change("tokenizer_config.json", "chat_template", "{{ messages[0].content }}");
    await expect(createChatCodec(folder)).rejects.toThrow(
      "chat_template does not end turns with '<|im_end|>'",
    );
  });

  it("refuses an added token that the end of a turn would be read as", async () => {
    const [first, ...rest] = tinyTokens();
    const longer = { ...first, id: 268, content: "<|im_end|>\n" };
    await change("tokenizer.json", "added_tokens", [first, ...rest, longer]);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, vocab_size: 269 }));
    const file = join(folder, "tokenizer_config.json");
    const texts = JSON.parse(readFileSync(file, "utf8")) as object;
    const ending = (end: string) => {
      const chat_template = `{% for m in messages %}{{ m.content }}<|im_end|>${end}{% endfor %}`;
      writeFileSync(file, JSON.stringify({ ...texts, chat_template }));
      return createChatCodec(folder);
    };
    await expect(ending("\n")).rejects.toThrow(
      "chat_template does not end turns with '<|im_end|>': a longer added token begins with it",
    );
    expect((await ending("|")).encodeToolResults(["a"], true)).toEqual([124, 97, 258, 124]);
  });

  it("refuses a folder without chat template, or with another end token than it has", async () => {
    await change("tokenizer_config.json", "chat_template", undefined);
    await expect(createChatCodec(folder)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining("tokenizer_config.json: 'chat_template'"),
    });
    await change("tokenizer_config.json", "eos_token", "</s>");
    await expect(createChatCodec(folder)).rejects.toThrow("eos_token '</s>' is not an added token");
  });
});
