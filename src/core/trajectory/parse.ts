/**
 * The tool calls in what a policy said, read exactly as FTRL's parser reads Qwen's format, oddities included, because
 * its published rewards rest on them (bytedance/FTRL `parse_qwen`). A block that cannot be read is no call at all.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";
import { type JsonSource, readJson } from "./json-source.ts";
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
export const callTags: readonly string[] = [openTag, closeTag];
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
    .flatMap((piece) => readCall(strip(piece.replace(openTagCharacters, ""))) ?? []);
}

function readCall(text: string): ParsedCall | undefined {
  const call = tryReadJson(text);
  if (!call || !isObject(call.value)) return undefined;
  const { name, arguments: given } = call.value;
  if (!truthy(name) || given === undefined) return undefined;
  const written = typeof given === "string" ? tryReadJson(given) : call;
  if (!written) return undefined;
  const value = typeof given === "string" ? written.value : given;
  if (typeof given !== "string" && !isObject(given)) return undefined;
  return {
    name: typeof name === "string" ? name : call.members.get("name")!,
    arguments: isObject(value) ? value : null,
    argumentsText: typeof given === "string" ? given : call.members.get("arguments")!,
  };
}

function tryReadJson(text: string): JsonSource | undefined {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

/** As Python sees it: empty containers are false. */
function truthy(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
