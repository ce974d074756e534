/**
 * A policy folder's tokenizer and chat template as the rollout needs them: a prompt is encoded once, later turns are
 * deltas, and prompt + assistant turns + deltas are together the ids of the template applied to the whole conversation.
 * Text from outside (questions, tool documents and outputs) can never become a control token or tool tag.
 */
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import type { ChatCodec } from "../../core/ports/policy.ts";
import { readPolicyJson } from "../formats/checkpoint.ts";
import { unreadable } from "../formats/unreadable.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { guardDocument, opaque, unusedMark, withoutTokens } from "./guard.ts";

const addedTokens = z.array(z.object({ id: z.int(), content: z.string().min(1), special: z.boolean() }));
const tokenizerFile = z.looseObject({ added_tokens: addedTokens });
const tokenizerConfigFile = z.looseObject({ chat_template: z.string(), eos_token: z.string() });

/** Throws ModelUnreadable where the folder's tokenizer files are damaged or its template ends turns otherwise. */
export async function createChatCodec(folder: string): Promise<ChatCodec> {
  const tokenizerJson = await parsed(folder, "tokenizer.json", tokenizerFile);
  const config = await parsed(folder, "tokenizer_config.json", tokenizerConfigFile);
  const { contextTokens } = parseLlamaConfig(await readPolicyJson(folder, "config.json"));
  const added = new Map(tokenizerJson.added_tokens.map(({ id, content }) => [content, id] as const));
  const control = tokenizerJson.added_tokens.filter(({ special }) => special).map(({ content }) => content);
  const turnEnd = config.eos_token;
  const turnEndId = added.get(turnEnd);
  if (turnEndId === undefined)
    throw unreadable(`${folder}/tokenizer_config.json`, `eos_token '${turnEnd}' is not an added token`);

  const whole = new Tokenizer(tokenizerJson, config);
  const encode = createEncoder(new Tokenizer({ ...tokenizerJson, added_tokens: [] }, config), added);
  const template = new Template(config.chat_template);

  /** The template's text after an assistant turn, up to the header of the next one. */
  const afterAssistant = (outputs: readonly string[]) => {
    const mark = unusedMark(outputs);
    const results = outputs.map((output) => ({ role: "tool", content: opaque(output, mark) }));
    const messages = [{ role: "user", content: "" }, { role: "assistant", content: mark }, ...results];
    const text = template.render({ messages, add_generation_prompt: true });
    return { text: text.slice(text.indexOf(mark) + mark.length), mark };
  };
  if (!afterAssistant([]).text.startsWith(turnEnd))
    throw unreadable(`${folder}/tokenizer_config.json`, `chat_template does not end turns with '${turnEnd}'`);

  return {
    encodePrompt: (messages, tools) => {
      const mark = unusedMark([messages, tools]);
      const text = template.render({
        messages: messages.map(({ role, content }) => ({ role, content: opaque(content, mark) })),
        tools: tools.map((tool) => guardDocument(tool, [...added.keys()], mark)),
        add_generation_prompt: true,
      });
      return encode(text, mark);
    },
    encodeToolResults: (outputs, ended) => {
      const { text, mark } = afterAssistant(outputs);
      return encode(ended ? text.slice(turnEnd.length) : text, mark);
    },
    encodeAssistant: (text) => {
      const mark = unusedMark(text);
      return [...encode(withoutTokens(text, control, mark), mark), turnEndId];
    },
    decode: (ids) => {
      const said = ids.at(-1) === turnEndId ? ids.slice(0, -1) : [...ids];
      const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      return said.length === 0 ? "" : whole.decode(said, options);
    },
    stopIds: [turnEndId],
    contextTokens,
  };
}

/** Text with marks -> ids: added tokens by name, the marks dropped, what lies between encoded as plain text. */
function createEncoder(
  plain: Tokenizer,
  added: ReadonlyMap<string, number>,
): (text: string, mark: string) => number[] {
  // Longest first, as the tokenizers match them.
  const names = [...added.keys()].sort((a, b) => b.length - a.length);
  const splitter = new RegExp(`(${names.map(escapeRegExp).join("|")})`);
  return (text, mark) =>
    text.split(splitter).flatMap((part) => {
      const id = added.get(part);
      return id === undefined ? plain.encode(part.replaceAll(mark, "")).ids : [id];
    });
}

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

async function parsed<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await readPolicyJson(folder, name));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unreadable(`${folder}/${name}`, `'${issue?.path.join(".")}': ${issue?.message}`);
}
