/**
 * Tokenizers as published for Llama 3, Qwen2.5 and Qwen3, with the chat templates published for the Qwens and ours for Llama 3, against
 * transformers (tests/goldens/families.py).
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { familyFolder, familyFolders, familyGoldens } from "../../../tests/goldens/families.ts";
import { createChatCodec } from "./codec.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-families-"));
afterAll(() => rmSync(root, { recursive: true }));

/** The family's folder with its template where the codec looks for it, reasoning decided. */
function codecOf(name: string, thinking: boolean | null) {
  const folder = mkdtempSync(join(root, "folder-"));
  cpSync(familyFolder(name), folder, { recursive: true });
  const file = join(folder, "tokenizer_config.json");
  const template = readFileSync(join(folder, "chat_template.jinja"), "utf8");
  const decided = thinking === null ? "" : `{%- set enable_thinking = ${thinking} -%}`;
  const config = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...config, chat_template: decided + template }));
  return createChatCodec(folder);
}

describe.each(familyFolders)("a %s tokenizer", (name) => {
  const golden = familyGoldens.folders[name];
  const reasoning = [...new Set(golden.chats.map(({ thinking }) => thinking))];

  it("gives the ids of transformers and decodes them", async () => {
    const codec = await codecOf(name, null);
    for (const { text, ids } of golden.tokens) {
      expect(codec.encodeAssistant(text).slice(0, -1), JSON.stringify(text)).toEqual(ids);
      expect(codec.decode(ids)).toBe(name === "llama" ? text : text.normalize("NFC"));
    }
    expect(codec.decode(golden.greedy.tokens)).toBe(golden.greedy.text);
  });

  it.each(reasoning)("encodes prompts as its own template does, enable_thinking = %s", async (thinking) => {
    const codec = await codecOf(name, thinking);
    for (const chat of golden.chats.filter((each) => each.thinking === thinking)) {
      const first = chat.messages.findIndex(({ role }) => role === "assistant");
      const asked = first < 0 ? chat.messages : chat.messages.slice(0, first);
      const ids = codec.encodePrompt(asked, chat.tools);
      if (first >= 0) {
        // Qwen3 without reasoning is cued by an empty thought, which its template leaves out of turns that were said.
        const thought = codec.encodeAssistant("<think>\n\n</think>\n\n").length - 1;
        if (thinking === false) ids.splice(-thought);
        ids.push(...codec.encodeAssistant(chat.messages[first]!.content));
        const outputs = chat.messages.slice(first + 1).map(({ content }) => content);
        ids.push(...codec.encodeToolResults(outputs, true));
      }
      expect(ids).toEqual(chat.ids);
    }
  });

  it("stops at each token that its generation_config.json names", async () => {
    const { stopIds } = await codecOf(name, null);
    const config = JSON.parse(readFileSync(join(familyFolder(name), "generation_config.json"), "utf8"));
    expect(stopIds).toEqual((config as { eos_token_id: number[] }).eos_token_id);
  });
});
