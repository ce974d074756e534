/**
 * How a policy writes its tool calls, which its chat template decides: as Qwen's and FTRL's `<tool_call>` blocks, or as Llama
 * 3's bare objects. Reading, writing and what counts as a spoilt call belong together; what a call is worth does not depend on it.
 */
import type { Json, JsonObject } from "../json.ts";
import { type ParsedCall, parseBareCalls, parseToolCalls, pythonTag, toolCallTags } from "./parse.ts";

export interface ToolFormat {
  /** What calls are written with and a tokenizer may hold for control tokens: an assistant's to say. */
  readonly tags: readonly string[];
  /** How many calls the template writes into one assistant turn; a policy that says more is understood all the same. */
  readonly callsPerTurn: "one" | "several";
  /** A call as the template writes it, but for the turn's marks. */
  readonly write: (name: string, callArguments: JsonObject) => string;
  readonly parse: (response: string) => ParsedCall[];
  /** Whether a response that holds no readable call, its ends stripped, was meant for one. */
  readonly isSpoilt: (content: string) => boolean;
}

const [openTag, closeTag] = toolCallTags;
const strayTags = [...toolCallTags, "<tool_parsed_response>"];

/** Qwen's (Hermes'), read and punished as FTRL does. */
export const taggedCalls: ToolFormat = {
  tags: toolCallTags,
  callsPerTurn: "several",
  write: (name, callArguments) =>
    `${openTag}\n${spacedJson({ name, arguments: callArguments })}\n${closeTag}`,
  parse: parseToolCalls,
  isSpoilt: (content) => strayTags.some((tag) => content.includes(tag)),
};

/** Llama 3.1's and 3.2's for tools that a user brings, as their published chat templates write it. */
export const bareCalls: ToolFormat = {
  tags: [pythonTag],
  callsPerTurn: "one",
  write: (name, callArguments) => spacedJson({ name, parameters: callArguments }),
  parse: parseBareCalls,
  isSpoilt: (content) => content.startsWith("{") || content.includes(pythonTag),
};

/** JSON with a space after colons and commas, as templates (Python's `json.dumps`) write it. */
function spacedJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}: ${spacedJson(member as Json)}`)
    .join(", ")}}`;
}
