/** Llama 3's own tool format against transformers (tests/goldens/llama_tools.py): prompts, calls and outputs, token for token. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { familyFolder } from "../../../tests/goldens/families.ts";
import type { ToolDocument } from "../../core/environment/environment.ts";
import type { JsonObject } from "../../core/json.ts";
import { bareCalls } from "../../core/trajectory/tool-format.ts";
import { createChatCodec } from "./codec.ts";

interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content?: string;
  readonly tool_calls?: readonly [{ readonly function: { readonly name: string; arguments: JsonObject } }];
}
const read = (file: string) => readFileSync(`tests/goldens/fixtures/${file}`, "utf8");
const golden = JSON.parse(read("llama-tools.json")) as {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDocument[];
  readonly ids: readonly number[];
}[];

const folder = mkdtempSync(join(tmpdir(), "ratchet-llama-tools-"));
afterAll(() => rmSync(folder, { recursive: true }));
cpSync(familyFolder("llama"), folder, { recursive: true });
const file = join(folder, "tokenizer_config.json");
const config = JSON.parse(readFileSync(file, "utf8")) as object;
writeFileSync(file, JSON.stringify({ ...config, chat_template: read("families/llama-tools.jinja") }));

const textOf = ({ content, tool_calls: calls }: Message) =>
  calls ? bareCalls.write(calls[0].function.name, calls[0].function.arguments) : content!;

describe("a codec of Llama 3's own template", () => {
  it("gives the ids of whole conversations: prompt, calls as they are written, and their outputs", async () => {
    const codec = await createChatCodec(folder);
    expect(codec.toolFormat).toBe(bareCalls);
    for (const { messages, tools, ids } of golden) {
      const first = messages.findIndex(({ role }) => role === "assistant");
      const asked = first < 0 ? messages : messages.slice(0, first);
      const given = codec.encodePrompt(asked as never, tools);
      for (const [i, message] of messages.entries()) {
        if (message.role === "assistant") given.push(...codec.encodeAssistant(textOf(message)));
        if (message.role === "tool") given.push(...codec.encodeToolResults([message.content!], true));
        // A call is read again as what was written.
        const called = message.tool_calls?.[0].function;
        if (called)
          expect(codec.toolFormat.parse(textOf(messages[i]!))).toMatchObject([
            { name: called.name, arguments: called.arguments },
          ]);
      }
      expect(codec.decode(given)).toBe(codec.decode(ids));
      expect(given).toEqual(ids);
    }
  });

  it("reads a call that was sampled after <|python_tag|> and ended by <|eom_id|>, and goes on from it", async () => {
    const codec = await createChatCodec(folder);
    const added = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")) as {
      added_tokens: { id: number; content: string }[];
    };
    const idOf = (name: string) => added.added_tokens.find(({ content }) => content === name)!.id;
    const call = bareCalls.write("f", { x: 1 });
    const said = [...codec.encodeAssistant(`<|python_tag|>${call}`).slice(0, -1), idOf("<|eom_id|>")];
    expect(said[0]).toBe(idOf("<|python_tag|>"));
    expect(codec.toolFormat.parse(codec.decode(said.slice(0, -1)))).toMatchObject([{ name: "f" }]);
    // Outputs of several calls are a turn each.
    expect(codec.decode(codec.encodeToolResults(["1", "<|eot_id|>"], true))).toBe(
      '<|start_header_id|>ipython<|end_header_id|>\n\n"1"<|eot_id|><|start_header_id|>ipython<|end_header_id|>\n\n"<|eot_id|>"<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    expect(
      codec.encodeToolResults(["<|eot_id|>"], true).filter((id) => id === idOf("<|eot_id|>")),
    ).toHaveLength(1);
  });
});
