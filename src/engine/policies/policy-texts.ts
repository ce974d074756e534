/**
 * The small files of a policy that comes from elsewhere, made fit for training: one chat template that shows tools, one
 * token that ends a turn and stops generation, and weights announced as what they are written as. A file that is fit
 * already stays as it is, byte for byte.
 */
import { z } from "zod";
import { bareCalls, type ToolFormat } from "../../core/trajectory/tool-format.ts";
import { unreadable } from "../formats/unreadable.ts";
import { templateFor } from "../tokenizer/chat-template.ts";
import { createRenderer, specialTokenNames, templateAbilities } from "../tokenizer/template.ts";

type Json = Readonly<Record<string, unknown>>;

export interface ForeignTexts {
  /** What the messages name: the folder or the file. */
  readonly place: string;
  readonly config: Json;
  readonly tokenizer: Json;
  readonly tokenizerConfig: Json;
  /** Undefined where the policy has none. */
  readonly generation: Json | undefined;
  /** From a file of its own, which counts before tokenizer_config.json's. */
  readonly template: string | undefined;
  /** Whether the template is told to reason; undefined leaves that to its default. */
  readonly reasoning: boolean | undefined;
}

export interface FitTexts {
  readonly config: Json;
  readonly tokenizerConfig: Json;
  readonly generation: Json;
}

const namedTemplates = z.array(z.object({ name: z.string(), template: z.string() })).min(1);
const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const reasoningSwitch = "enable_thinking";
/** Llama 3 may end a turn that calls a tool with it; its template never does. */
const llama3CallEnd = "<|eom_id|>";

/** Throws ModelUnreadable, or InvalidInput where the template cannot do what is asked. */
export function fitTexts(texts: ForeignTexts): FitTexts {
  const { place, config, tokenizerConfig } = texts;
  const file = `${place}/tokenizer_config.json`;
  const added = addedTokens(texts.tokenizer);
  const tokens: Record<string, string> = {};
  for (const name of specialTokenNames) {
    const read = token.safeParse(tokenizerConfig[name]);
    if (read.success) tokens[name] = read.data;
  }
  const { template, toolFormat, afterTurn } = chooseTemplate(texts, added, tokens, file);
  const turnEnd = [...added.keys()]
    .filter((name) => afterTurn.startsWith(name))
    .reduce((longest, name) => (name.length > longest.length ? name : longest), "");
  if (turnEnd === "")
    throw unreadable(
      file,
      `its chat_template ends turns with no special token, but with ${JSON.stringify(afterTurn)}`,
    );
  return {
    config: announceFloat32(config),
    tokenizerConfig: { ...tokenizerConfig, ...tokens, eos_token: turnEnd, chat_template: template },
    generation: stopAt(
      [turnEnd, ...(toolFormat === bareCalls ? [llama3CallEnd] : [])].flatMap(
        (name) => added.get(name) ?? [],
      ),
      texts.generation ?? pick(config),
    ),
  };
}

function addedTokens(tokenizer: Json): ReadonlyMap<string, number> {
  const schema = z.array(z.looseObject({ id: z.int(), content: z.string().min(1) }));
  const read = schema.safeParse(tokenizer.added_tokens);
  return new Map(read.success ? read.data.map(({ id, content }) => [content, id] as const) : []);
}

/** The policy's own where it shows tools in the form that Ratchet reads, else ours between the marks that it knows. */
function chooseTemplate(
  { place, template, tokenizerConfig, reasoning }: ForeignTexts,
  added: ReadonlyMap<string, number>,
  tokens: Readonly<Record<string, string>>,
  file: string,
): { template: string; afterTurn: string; toolFormat: ToolFormat | undefined } {
  const own = decide(template ?? templateOf(tokenizerConfig.chat_template), reasoning, place);
  if (own !== undefined) {
    const abilities = templateAbilities(createRenderer(file, own, tokens));
    if (abilities.toolFormat !== undefined) return { template: own, ...abilities };
  }
  const ours = templateFor((name) => added.has(name));
  if (ours === undefined)
    throw unreadable(
      file,
      `${own === undefined ? "it has no chat_template" : "its chat_template shows no tools in a form that is read here, with <tool_call> or <tool_response> tags or as Llama 3's bare objects"}, and its tokenizer has neither ChatML's nor Llama 3's turn marks for ours; write a chat_template with tools`,
    );
  return { template: ours, ...templateAbilities(createRenderer(file, ours, { bos_token: "", ...tokens })) };
}

/** Some files have several by name; the one for tools is called `tool_use`. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const named = namedTemplates.safeParse(value);
  if (!named.success) return undefined;
  const byName = new Map(named.data.map((each) => [each.name, each.template]));
  return byName.get("tool_use") ?? byName.get("default") ?? named.data[0]!.template;
}

/** As a policy has it that was adopted with a choice before; of two the later one would hold. */
const decided = new RegExp(`^(?:\\{%- set ${reasoningSwitch} = (?:true|false) -%\\}\\n)+`);

/** Reasoning is decided in the template itself, so that whoever renders it later, transformers too, gets the same. */
function decide(template: string | undefined, reasoning: boolean | undefined, place: string) {
  if (reasoning === undefined) return template;
  if (template?.includes(reasoningSwitch))
    return `{%- set ${reasoningSwitch} = ${reasoning} -%}\n${template.replace(decided, "")}`;
  throw unreadable(
    place,
    `reasoning is to be ${reasoning ? "on" : "off"} and its chat_template has no '${reasoningSwitch}'; leave '?reasoning=' out`,
  );
}

/** The weights are written as float32, whatever they were. */
function announceFloat32(config: Json): Json {
  const named = ["dtype", "torch_dtype"].filter((name) => Object.hasOwn(config, name));
  return { ...config, ...Object.fromEntries(named.map((name) => [name, "float32"])) };
}

function stopAt(endIds: readonly number[], generation: Json): Json {
  const read = z.union([z.int(), z.array(z.int())]).safeParse(generation.eos_token_id);
  const ids = read.success ? [read.data].flat() : [];
  const missing = endIds.filter((id) => !ids.includes(id));
  return missing.length === 0 ? generation : { ...generation, eos_token_id: [...missing, ...ids] };
}

const pick = ({ bos_token_id, eos_token_id, pad_token_id }: Json): Json => ({
  bos_token_id,
  eos_token_id,
  pad_token_id,
});
