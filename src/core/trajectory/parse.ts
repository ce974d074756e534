/**
 * The tool calls in what a policy said. Qwen's format is read exactly as FTRL's parser reads it, oddities included, because
 * its published rewards rest on them (bytedance/FTRL `parse_qwen`): a block that cannot be read is no call at all. Of Llama 3's
 * bare objects either all are calls or the response is none.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";
import { type JsonSource, readJson, readJsonAt } from "./json-source.ts";
import { removeSuffix, strip } from "./python-text.ts";

export interface ParsedCall {
  readonly name: string;
  /** Null where the arguments were given as a JSON string that holds no object: a call that is bound to fail. */
  readonly arguments: JsonObject | null;
  /** The arguments as they were written, for tools that can tell 1.0 from 1. */
  readonly argumentsText: string;
}

const openTag = "<tool_call>";
const closeTag = "</tool_call>";
export const toolCallTags = [openTag, closeTag] as const;
/** Llama 3 may say it before a call. */
export const pythonTag = "<|python_tag|>";
/** FTRL removes the opening tag with `lstrip`, which takes any run of the tag's characters. */
const openTagCharacters = /^[<tol_ca>]+/;

/** A response without the end tokens that a decoder may have left on it. */
export function responseText(response: string): string {
  return strip(removeSuffix(strip(removeSuffix(strip(response), "<|endoftext|>")), "<|im_end|>"));
}

/**
 * Calls in order. Everything before the first opening tag is prose. From there the text is cut at closing tags, and a
 * piece counts only if it begins with an opening tag: prose between two calls swallows the call after it, a call whose
 * closing tag is missing swallows what follows, and the last call needs no closing tag.
 */
export function parseToolCalls(response: string): ParsedCall[] {
  const text = responseText(response);
  const start = text.indexOf(openTag);
  if (start < 0) return [];
  return text
    .slice(start)
    .split(closeTag)
    .map(strip)
    .filter((piece) => piece.startsWith(openTag))
    .flatMap(
      (piece) => readCall(tryReadJson(strip(piece.replace(openTagCharacters, ""))), "arguments") ?? [],
    );
}

/**
 * `{"name": ..., "parameters": {...}}`, the whole response or all of it after `<|python_tag|>`. The template has one a turn;
 * where models say several, they part them by semicolons (as vLLM's `llama3_json` reads them).
 */
export function parseBareCalls(response: string): ParsedCall[] {
  const text = responseText(response);
  const tag = text.indexOf(pythonTag);
  const calls: ParsedCall[] = [];
  for (let at = tag < 0 ? 0 : tag + pythonTag.length; ; at++) {
    const source = tryRead(() => readJsonAt(text, at));
    const call = readCall(source, "parameters");
    if (!call) return [];
    calls.push(call);
    at = source!.end;
    if (at === text.length) return calls;
    if (text[at] !== ";") return [];
  }
}

function readCall(call: JsonSource | undefined, key: "arguments" | "parameters"): ParsedCall | undefined {
  if (!call || !isObject(call.value)) return undefined;
  const { name, [key]: given } = call.value;
  if (!truthy(name) || given === undefined) return undefined;
  const written = typeof given === "string" ? tryReadJson(given) : call;
  if (!written) return undefined;
  const value = typeof given === "string" ? written.value : given;
  if (typeof given !== "string" && !isObject(given)) return undefined;
  return {
    // Python's True is the name of no tool, where `true` might be one's.
    name: typeof name === "string" ? name : name === true ? "True" : call.members.get("name")!,
    arguments: isObject(value) ? value : null,
    argumentsText: typeof given === "string" ? given : call.members.get(key)!,
  };
}

const tryReadJson = (text: string) => tryRead(() => readJson(text));

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** As Python sees it: empty containers are false, and NaN is true. */
function truthy(value: Json | undefined): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value) || Number.isNaN(value);
}
