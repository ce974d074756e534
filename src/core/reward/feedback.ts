/** What FTRL's policy sees of a tool call (bytedance/FTRL `get_feedback`; the wording, typo included, is matched on). */
import type { ToolOutcome } from "../ports/sandbox.ts";

export function toolFeedback(name: string, outcome: ToolOutcome): string {
  return outcome.kind === "returned" ? outcome.text : callError(name, outcome.text);
}

/** A call of a tool that does not exist: Python's `str(KeyError(name))`. */
export function unknownToolFeedback(name: string): string {
  return callError(name, `'${name}'`);
}

/** A call whose arguments are JSON but no object. */
export function badArgumentsFeedback(name: string): string {
  return callError(name, `${name}() argument after ** must be a mapping`);
}

const callError = (name: string, message: string) => `an error occured when call ${name}: ${message}`;
