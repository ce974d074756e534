/** Which chat template a policy from elsewhere gets: its own where it shows tools in a form that is read here, else ours. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createChatCodec } from "../tokenizer/codec.ts";
import { adopted, json, saved } from "./foreign-policy.test-support.ts";

describe("a Hugging Face folder", () => {
  it("is told to reason or not in its template, where that has the choice", async () => {
    const prompt = async (folder: string) => {
      const codec = await createChatCodec(folder);
      return codec.decode(codec.encodePrompt([{ role: "user", content: "Hi" }], []));
    };
    const plain = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
    const qwen3 = await saved("qwen3");
    expect(await prompt(await adopted(qwen3, false))).toBe(`${plain}<think>\n\n</think>\n\n`);
    expect(await prompt(await adopted(qwen3, true))).toBe(plain);
    // Chosen again of a policy that carries a choice, which a later line of the template would undo.
    const off = await adopted(qwen3, false);
    const on = await adopted(off, true);
    expect(await prompt(on)).toBe(plain);
    expect(await prompt(await adopted(on, false))).toBe(`${plain}<think>\n\n</think>\n\n`);
    expect(json(await adopted(on, false), "tokenizer_config.json")).toEqual(
      json(off, "tokenizer_config.json"),
    );
    await expect(adopted(await saved("qwen2"), false)).rejects.toThrow(
      "reasoning is to be off and its chat_template has no 'enable_thinking'; leave '?reasoning=' out",
    );
  });

  it("whose template shows no tools as Ratchet reads them gets ours, between its own turn marks", async () => {
    const codec = await createChatCodec(await adopted(await saved("llama")));
    const tool = {
      name: "f",
      description: "F.",
      parameters: { type: "object", properties: {}, required: [] },
    } as const;
    const text = codec.decode(codec.encodePrompt([{ role: "user", content: "Hi" }], [tool as never]));
    expect(text).toBe(
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nAnswer by calling these tools:\n<tools>\n{"name":"f","description":"F.","parameters":{"type":"object","properties":{},"required":[]}}\n</tools>\nFor each call write\n<tool_call>\n{"name": <name>, "arguments": <object>}\n</tool_call><|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    expect(codec.decode(codec.encodeToolResults(["1", "2"], true))).toBe(
      "<|start_header_id|>user<|end_header_id|>\n\n<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    );
  });

  it("of Llama 3 keeps its own template with tools, and stops where a call ends too", async () => {
    const source = await saved("llama");
    const template = readFileSync("tests/goldens/fixtures/families/llama-tools.jinja", "utf8");
    writeFileSync(join(source, "chat_template.jinja"), template);
    const folder = await adopted(source);
    expect(json(folder, "tokenizer_config.json")).toMatchObject({
      chat_template: template,
      eos_token: "<|eot_id|>",
    });
    const { added_tokens: added } = json(source, "tokenizer.json") as {
      added_tokens: { id: number; content: string }[];
    };
    const idOf = (name: string) => added.find(({ content }) => content === name)!.id;
    const { stopIds } = await createChatCodec(folder);
    expect([...stopIds].sort()).toEqual(["<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"].map(idOf).sort());
  });

  it("whose template has calls in yet another form gets ours as well", async () => {
    const source = await saved("llama");
    const template = readFileSync("tests/goldens/fixtures/families/llama-tools.jinja", "utf8");
    writeFileSync(join(source, "chat_template.jinja"), template.replace('"parameters": \'', '"input": \''));
    const codec = await createChatCodec(await adopted(source));
    expect(codec.decode(codec.encodeToolResults(["1"], true))).toContain("<tool_response>");
  });

  it("whose template fails only where tools have answered is found out before it is used", async () => {
    const source = await saved("qwen2");
    const file = join(source, "chat_template.jinja");
    const template = readFileSync(file, "utf8");
    // Fails on a second output: the tags are then shown by ours.
    writeFileSync(
      file,
      template.replace("messages[loop.index0 + 1].role", "messages[loop.index0 + 1][unknown]"),
    );
    expect(readFileSync(file, "utf8")).not.toBe(template);
    expect(json(await adopted(source), "tokenizer_config.json").chat_template).not.toContain("unknown");
    // Forgets to end a turn that called tools.
    const forgetful = `{%- for m in messages -%}{%- if m.role == 'assistant' -%}{{ m.content + ('' if loop.nextitem is defined and loop.nextitem.role == 'tool' else '<|im_end|>') }}{%- else -%}<tool_response>{{ m.content }}<|im_end|>{%- endif -%}{%- endfor -%}{%- for t in tools or [] -%}{{ t.function.name }}{%- endfor -%}`;
    writeFileSync(file, forgetful);
    await expect(adopted(source)).rejects.toThrow("chat_template does not end turns with '<|im_end|>'");
  });
});
