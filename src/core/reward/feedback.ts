/** What FTRL's policy sees of a tool call (bytedance/FTRL `get_feedback`; the wording, typo included, is matched on). */
import type { ToolOutcome } from "../ports/sandbox.ts";

export function toolFeedback(name: string, outcome: ToolOutcome): string {
  return outcome.kind === "returned" ? outcome.text : callError(name, outcome.text);
}

/** A call of a tool that does not exist: Python's `str(KeyError(name))`. */
export function unknownToolFeedback(name: string): string {
  return callError(name, repr(name));
}

/** A call whose arguments are JSON but no object; `argumentsText` is that JSON. */
export function badArgumentsFeedback(name: string, argumentsText: string): string {
  return callError(
    name,
    `${name}() argument after ** must be a mapping, not ${typeName(argumentsText.trim())}`,
  );
}

/** A call whose arguments nest deeper than Python reads. */
export function deepArgumentsFeedback(name: string): string {
  return callError(name, "maximum recursion depth exceeded while decoding a JSON object");
}

/** Python's `repr` of a string of printable characters: double quotes where only they need no escape. */
function repr(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  if (!text.includes("'")) return `'${escaped}'`;
  return text.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`;
}

/** What Python calls the type of a JSON text that is no object. */
function typeName(json: string): string {
  if (json.startsWith("[")) return "list";
  if (json.startsWith('"')) return "str";
  if (json === "null") return "NoneType";
  if (json === "true" || json === "false") return "bool";
  return /^-?\d+$/.test(json) ? "int" : "float";
}

const callError = (name: string, message: string) => `an error occured when call ${name}: ${message}`;
