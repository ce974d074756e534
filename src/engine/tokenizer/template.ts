/**
 * A chat template ready to render as transformers renders it, within bounds, and with the one hidden input it may ask for, the
 * date, held fast: a prompt must not change overnight.
 */
import { bareCalls, type ToolFormat, taggedCalls } from "../../core/trajectory/tool-format.ts";
import { unreadable } from "../formats/unreadable.ts";
import { parseTemplate } from "./bounded-template.ts";

export const specialTokenNames = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;
/** Special tokens by name, which templates may write. */
export type SpecialTokens = Readonly<Record<string, string>>;
export type Render = (context: Readonly<Record<string, unknown>>) => string;

/** The day that Llama 3's templates assume where there is no clock. */
const date: Readonly<Record<string, string>> = {
  "%d": "26",
  "%b": "Jul",
  "%B": "July",
  "%m": "07",
  "%Y": "2024",
};
const clock = {
  date_string: "26 Jul 2024",
  strftime_now: (format: string) => format.replace(/%[dbBmY]/g, (field) => date[field]!),
};

/** Throws ModelUnreadable where the template cannot be parsed; so does rendering what the template refuses. */
export function createRenderer(file: string, template: string, tokens: SpecialTokens): Render {
  const attempt = <T>(problem: string, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw unreadable(file, `its chat_template ${problem}: ${(cause as Error).message}`, {}, cause);
    }
  };
  const parsed = attempt("cannot be parsed", () => parseTemplate(template));
  return (context) => attempt("refuses a conversation", () => parsed({ ...tokens, ...clock, ...context }));
}

/** What a template makes of a conversation with tools. */
export interface TemplateAbilities {
  /** How it has calls written; undefined where it shows no tools or outputs, or calls in a form that Ratchet does not read. */
  readonly toolFormat: ToolFormat | undefined;
  /** Text between an assistant's words and the next turn's; empty where it shows no such words. */
  readonly afterTurn: string;
}

/** Found by rendering; a template that refuses such conversations has none of these. */
export function templateAbilities(render: Render): TemplateAbilities {
  const [question, words, name] = ["probe question", "probe words", "probe_tool"];
  const outputs = ["probe output", "probe result"];
  const place = { place: "Probe" };
  const parameters = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
  const tool = { type: "function", function: { name, description: "A probe.", parameters } };
  const messages = [{ role: "user", content: question }];
  const rendered = (context: Readonly<Record<string, unknown>>) => {
    try {
      return render(context);
    } catch {
      return "";
    }
  };
  const asked = rendered({ messages, tools: [tool], add_generation_prompt: true });
  const said = [...messages, { role: "assistant", content: words }];
  const after = rendered({ messages: said, tools: null, add_generation_prompt: true });
  const answered = rendered({
    messages: [...said, ...outputs.map((content) => ({ role: "tool", content }))],
    tools: null,
    add_generation_prompt: true,
  });
  const showsTools =
    [question, name].every((part) => asked.includes(part)) &&
    outputs.every((output) => answered.indexOf(output) > answered.indexOf(words));
  const format = () => {
    if (asked.includes("<tool_call>") || answered.includes("<tool_response>")) return taggedCalls;
    const called = {
      role: "assistant",
      tool_calls: [{ type: "function", function: { name, arguments: place } }],
    };
    const text = rendered({ messages: [...messages, called], tools: null, add_generation_prompt: false });
    return text.includes(bareCalls.write(name, place)) ? bareCalls : undefined;
  };
  return {
    toolFormat: showsTools ? format() : undefined,
    afterTurn: after.includes(words) ? after.slice(after.indexOf(words) + words.length) : "",
  };
}
