/** The signature of a Python tool: imports, then exactly one `def NAME(table, /, a=..., b=1, **others)`. */
import { canonicalJson, type Json, ownMember } from "../json.ts";
import type { Signature } from "./javascript-syntax.ts";
import { depthAt, depthOf, logicalLines, pythonTokens, type Token } from "./python-tokens.ts";

/** Defaults come as JSON; `...` is none: the tool's own way to say that an argument is missing. */
export function pythonSignatureOf(code: string): Signature | string {
  const tokens = pythonTokens(code);
  if (typeof tokens === "string") return tokens;
  const top = logicalLines(tokens).filter(([first]) => first!.indent === 0);
  const [definition, ...rest] = top.filter(([first]) => first!.text !== "import" && first!.text !== "from");
  if (
    definition === undefined ||
    definition[0]!.text !== "def" ||
    rest.length > 0 ||
    top.at(-1) !== definition
  )
    return "code is not exactly one function, after what it imports";
  if (
    top.some(
      (line) => line !== definition && line.some(({ text, kind }) => kind === "operator" && text === ";"),
    )
  )
    return "an import has something else on its line";
  const [, name, open, ...after] = definition;
  if (name?.kind !== "name" || open?.text !== "(") return "function has no plain name and parameters";
  const inside = after.slice(0, closingOf(after));
  return read(name.text, separated(inside));
}

/** Where the bracket that is open before the tokens is closed. */
function closingOf(tokens: readonly Token[]): number {
  let depth = 1;
  const at = tokens.findIndex((token) => {
    depth += depthOf(token);
    return depth === 0;
  });
  return at < 0 ? tokens.length : at;
}

/** The parts between commas outside brackets. */
function separated(tokens: readonly Token[]): (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += depthOf(token);
    if (depth === 0 && token.kind === "operator" && token.text === ",") parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

function read(name: string, parts: readonly (readonly Token[])[]): Signature | string {
  const slash = parts.findIndex(([first]) => first!.text === "/");
  const [before, behind] = slash < 0 ? [[], parts] : [parts.slice(0, slash), parts.slice(slash + 1)];
  if (before.length > 1 || before.some((part) => part.length > 1))
    return "parameters before '/' are not the table alone";
  const parameters = new Map<string, string | undefined>();
  for (const part of behind) {
    const [first] = part;
    if (first!.text === "*" && part.length === 1) continue; // what follows is given by name, as all arguments are
    if (first!.text === "**") continue; // arguments that are not known, for the tool to refuse
    if (first!.kind !== "name") return "parameters are not (table, /, a, b=1, **others)";
    const equals = part.findIndex(({ text }, i) => text === "=" && depthAt(part, i) === 0);
    parameters.set(first!.text, equals < 0 ? undefined : defaultIn(part.slice(equals + 1)));
  }
  const table = before.flat()[0]?.text;
  return { name, parameters: Object.fromEntries(parameters), ...(table === undefined ? {} : { table }) };
}

function defaultIn(tokens: readonly Token[]): string | undefined {
  if (tokens.length === 1 && tokens[0]!.text === "..." && tokens[0]!.kind === "operator") return undefined;
  try {
    return canonicalJson(JSON.parse(tokens.map(jsonOf).join("")) as Json);
  } catch {
    return tokens.map(({ text }) => text).join(" "); // parted, or "4" "2" would look like 42
  }
}

const constants: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

function jsonOf({ kind, text }: Token): string {
  if (kind === "string") return JSON.stringify(text);
  if (kind === "name") return ownMember(constants, text) ?? text;
  const value = Number(text.replaceAll("_", ""));
  return kind === "number" && Number.isFinite(value) ? String(value) : text;
}
