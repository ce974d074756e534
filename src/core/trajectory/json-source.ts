/**
 * Reads JSON as Python's `json.loads` does (NaN and Infinity are numbers, nesting is bounded) and keeps the source text
 * of a top-level object's members. The source keeps what a JavaScript number loses and a Python tool can see:
 * 1.0 against 1, and integers beyond 2^53.
 */
import type { Json } from "../json.ts";

export interface JsonSource {
  readonly value: Json;
  /** Member name -> its text, where the value is an object; the last of two members of one name counts. */
  readonly members: ReadonlyMap<string, string>;
}

/** Python gives up (RecursionError) near its recursion limit of 1,000. */
export const deepestNesting = 990;
const blank = /[ \t\n\r]*/y;
const stringToken = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
/** Python reads no whole number of more digits (`sys.int_info.default_max_str_digits`). */
const mostDigits = 4_300;
const literals: readonly (readonly [string, Json])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

/** Throws SyntaxError where Python would refuse the text. */
export function readJson(text: string): JsonSource {
  const { end, ...source } = readJsonAt(text, 0);
  if (end < text.length) throw new SyntaxError(`not JSON at character ${end}`);
  return source;
}

/** The value that begins at `from`, with white space around it, up to `end`. */
export function readJsonAt(text: string, from: number): JsonSource & { readonly end: number } {
  let at = from;
  const members = new Map<string, string>();

  const fail = (): never => {
    throw new SyntaxError(`not JSON at character ${at}`);
  };
  const token = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const take = (symbol: string): boolean => {
    token(blank);
    if (!text.startsWith(symbol, at)) return false;
    at += symbol.length;
    return true;
  };
  const readString = (): string => {
    const found = token(stringToken);
    return found === undefined ? fail() : (JSON.parse(found) as string);
  };
  const readArray = (depth: number): Json => {
    const items: Json[] = [];
    if (take("]")) return items;
    do items.push(readValue(depth + 1));
    while (take(","));
    return take("]") ? items : fail();
  };
  const readObject = (depth: number): Json => {
    const entries = new Map<string, Json>();
    if (take("}")) return {};
    do {
      token(blank);
      const name = readString();
      if (!take(":")) fail();
      token(blank);
      const start = at;
      entries.set(name, readValue(depth + 1));
      if (depth === 0) members.set(name, text.slice(start, at));
    } while (take(","));
    return take("}") ? Object.fromEntries(entries) : fail();
  };
  const readValue = (depth: number): Json => {
    if (depth > deepestNesting) fail();
    token(blank);
    if (take("{")) return readObject(depth);
    if (take("[")) return readArray(depth);
    if (text[at] === '"') return readString();
    for (const [word, value] of literals) if (take(word)) return value;
    const number = token(numberToken);
    const isLong =
      number !== undefined && /^-?\d+$/.test(number) && number.replace("-", "").length > mostDigits;
    return number === undefined || isLong ? fail() : Number(number);
  };

  const value = readValue(0);
  token(blank);
  return { value, members, end: at };
}
