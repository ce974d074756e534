/**
 * A policy folder's tokenizer and chat template as the rollout needs them: a prompt is encoded once, later turns are
 * deltas, and prompt + assistant turns + deltas are together the ids of the template applied to the whole conversation. Not
 * where a template drops what it asked an earlier turn with, as Qwen3's does with the empty thought of reasoning off: there
 * they are the ids that the policy saw, which it is trained on.
 * Text from outside (questions, tool documents and outputs) can never become a control token or tool tag.
 */
import { join } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import type { ChatCodec } from "../../core/ports/policy.ts";
import { taggedCalls } from "../../core/trajectory/tool-format.ts";
import { readPolicyConfig } from "../formats/checkpoint.ts";
import { readJson } from "../formats/json-text.ts";
import { unreadable } from "../formats/unreadable.ts";
import { guardDocument, opaque, unusedMark, withoutTokens } from "./guard.ts";
import { createRenderer, specialTokenNames, templateAbilities } from "./template.ts";
import { createTokenizer, parseTokenizer, type TokenizerJson } from "./tokenizer-file.ts";

const tokenizerConfigFile = z.looseObject({
  chat_template: z.string(),
  eos_token: z.string(),
  // Templates may write these; null where the tokenizer has none.
  bos_token: z.string().nullish(),
  pad_token: z.string().nullish(),
  unk_token: z.string().nullish(),
});
const tokenIds = z.union([z.int(), z.array(z.int())]).nullish();
const generationFile = z.looseObject({ eos_token_id: tokenIds });

/** What is read of a policy's folder. */
export const codecFiles = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
];

/**
 * Throws ModelUnreadable where the folder's tokenizer files are damaged or its template ends turns otherwise, said of
 * `place`, where the folder's files come from.
 */
export async function createChatCodec(folder: string, place = folder): Promise<ChatCodec> {
  const { contextTokens, vocabularySize } = await readPolicyConfig(folder);
  const tokenizerName = `${place}/tokenizer.json`;
  const tokenizerJson = parseTokenizer(
    tokenizerName,
    await readJson(join(folder, "tokenizer.json")),
    vocabularySize,
  );
  const config = await parsed(folder, "tokenizer_config.json", tokenizerConfigFile);
  const generation = await parsed(folder, "generation_config.json", generationFile);
  const added = new Map(tokenizerJson.added_tokens.map((token) => [token.content, token] as const));
  const turnEnd = config.eos_token;
  const turnEndId = added.get(turnEnd)?.id;
  if (turnEndId === undefined)
    throw unreadable(`${place}/tokenizer_config.json`, `eos_token '${turnEnd}' is not an added token`);
  const stopIds = [...new Set([turnEndId, ...[generation.eos_token_id ?? []].flat()])];

  const whole = createTokenizer(tokenizerName, tokenizerJson, config);
  const plain = createTokenizer(tokenizerName, { ...tokenizerJson, added_tokens: [] }, config);
  const encode = createEncoder(plain, added);
  const tokens = Object.fromEntries(
    specialTokenNames.flatMap((name) => (config[name] == null ? [] : [[name, config[name]]])),
  );
  const render = createRenderer(`${place}/tokenizer_config.json`, config.chat_template, tokens);
  // A template that shows no tools was written for none: whatever its policy calls, it calls in Ratchet's own form.
  const abilities = templateAbilities(render);
  const { toolFormat = taggedCalls } = abilities;
  // A call's tags are an assistant's to say, whatever a tokenizer calls them.
  const control = tokenizerJson.added_tokens
    .filter(({ special, content }) => special && !toolFormat.tags.includes(content))
    .map(({ content }) => content);

  /** The template's text after an assistant turn, up to the header of the next one. */
  const afterAssistant = (outputs: readonly string[]) => {
    const mark = unusedMark(outputs);
    const results = outputs.map((output) => ({ role: "tool", content: opaque(output, mark) }));
    const messages = [{ role: "user", content: "" }, { role: "assistant", content: mark }, ...results];
    const text = render({ messages, tools: null, add_generation_prompt: true });
    return { text: text.slice(text.indexOf(mark) + mark.length), mark };
  };
  const encodeAfterAssistant = (outputs: readonly string[]) => {
    const { text, mark } = afterAssistant(outputs);
    const ids = encode(text, mark);
    if (ids[0] === turnEndId) return ids;
    const longer = text.startsWith(turnEnd) ? ": a longer added token begins with it" : "";
    throw unreadable(
      `${place}/tokenizer_config.json`,
      `chat_template does not end turns with '${turnEnd}'${longer}`,
    );
  };
  encodeAfterAssistant([]);
  // Later would be in the middle of a rollout.
  if (abilities.toolFormat) encodeAfterAssistant(["1", "2"]);

  return {
    encodePrompt: (messages, tools) => {
      const mark = unusedMark([messages, tools]);
      const documents = tools.map((tool) => ({
        type: "function",
        function: guardDocument(tool, [...added.keys()], mark),
      }));
      const text = render({
        messages: messages.map(({ role, content }) => ({ role, content: opaque(content, mark) })),
        tools: documents.length > 0 ? documents : null,
        add_generation_prompt: true,
      });
      return encode(text, mark);
    },
    encodeToolResults: (outputs, ended) => {
      const ids = encodeAfterAssistant(outputs);
      return ended ? ids.slice(1) : ids;
    },
    encodeAssistant: (text) => {
      const mark = unusedMark(text);
      return [...encode(withoutTokens(text, control, mark), mark), turnEndId];
    },
    decode: (ids) => {
      const turn = stopIds.includes(ids.at(-1)!) ? ids.slice(0, -1) : ids;
      // A model may have more rows than its tokenizer has tokens: such an id says nothing, as in transformers.
      const said = turn.filter((id) => whole.id_to_token(id) !== undefined);
      const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      return said.length === 0 ? "" : whole.decode(said, options);
    },
    toolFormat,
    stopIds,
    contextTokens,
  };
}

/** Text with marks -> ids: added tokens by name, the marks dropped, what lies between encoded as plain text. */
function createEncoder(
  plain: Tokenizer,
  added: ReadonlyMap<string, TokenizerJson["added_tokens"][number]>,
): (text: string, mark: string) => number[] {
  // Longest first, as the tokenizers match them.
  const names = [...added.keys()].sort((a, b) => b.length - a.length);
  const splitter = new RegExp(`(${names.map(escapeRegExp).join("|")})`);
  return (text, mark) => {
    // Names stand at odd places.
    const parts = text.split(splitter);
    const nameAt = (place: number) => (place % 2 === 1 ? added.get(parts[place]!) : undefined);
    return parts.flatMap((part, place) => {
      const token = nameAt(place);
      if (token !== undefined) return [token.id];
      const unmarked = part.replaceAll(mark, "");
      const begun = nameAt(place - 1)?.rstrip ? unmarked.replace(/^\p{White_Space}+/u, "") : unmarked;
      const plainText = nameAt(place + 1)?.lstrip ? begun.replace(/\p{White_Space}+$/u, "") : begun;
      // What a post-processor would add (Llama 3's first token) is for the template to write.
      return plain.encode(plainText, { add_special_tokens: false }).ids;
    });
  };
}

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

async function parsed<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const file = join(folder, name);
  const result = schema.safeParse(await readJson(file));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unreadable(file, `'${issue?.path.join(".")}': ${issue?.message}`);
}
