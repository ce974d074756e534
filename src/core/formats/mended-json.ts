/**
 * A JSON text made to say another value, by writing only what differs: all else keeps its own text, and with it what a
 * JavaScript number would lose (1.0, integers beyond 2^53), members that nobody read, and how it is spaced.
 */
import { canonicalJson, isObject, type Json, type JsonObject, ownMember } from "../json.ts";
import { readJson, readJsonAt } from "../trajectory/json-source.ts";

export const isSameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);

/**
 * `before` is what was read of the text, `after` what is to be read of it. The text may say more than was read, or say it
 * in another shape, which is given up where it differs; absent, it said nothing.
 */
export function mendedJson(text: string | undefined, before: Json | undefined, after: Json): string {
  if (text !== undefined && isSameJson(before, after)) return text;
  if (text?.startsWith("{") && isObject(before) && isObject(after)) return mendedObject(text, before, after);
  if (text?.startsWith("[") && Array.isArray(before) && Array.isArray(after)) {
    const items = piecesOf(text);
    if (items.length === before.length && items.length === after.length)
      return `[${items.map((item, i) => textOf(item, mendedJson(item.value, before[i], after[i]))).join(",")}]`;
  }
  return JSON.stringify(after);
}

function mendedObject(text: string, before: JsonObject, after: JsonObject): string {
  const { members } = readJson(text);
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isSameJson(ownMember(before, name), ownMember(after, name)),
  );
  const changes = changed.map((name): [string, string | null] => {
    const value = ownMember(after, name);
    return [name, value === undefined ? null : mendedJson(members.get(name), ownMember(before, name), value)];
  });
  return withMembers(text, new Map(changes));
}

/** An object's text with the texts of some members set or, with null, without these members. */
export function withMembers(text: string, changes: ReadonlyMap<string, string | null>): string {
  const pieces = piecesOf(text);
  const kept = pieces
    .filter(({ name }) => changes.get(name) !== null)
    .map((piece) => textOf(piece, changes.get(piece.name) ?? piece.value));
  const added = [...changes]
    .filter(([name, value]) => value !== null && !pieces.some((piece) => piece.name === name))
    .map(([name, value]) => `${kept.length > 0 ? " " : ""}${JSON.stringify(name)}: ${value}`);
  return `{${[...kept, ...added].join(",")}}`;
}

/** The texts of a list's items. */
export const jsonItems = (text: string): string[] => piecesOf(text).map(({ value }) => value);

/** A member or an item, and what stands around its value between two commas. */
interface Piece {
  /** Empty for an item. */
  readonly name: string;
  readonly lead: string;
  readonly value: string;
  readonly tail: string;
}

const textOf = ({ lead, tail }: Piece, value: string) => lead + value + tail;

/** Of the text of an object or a list, which begins with its bracket. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  if (/^.\s*.$/s.test(text)) return pieces;
  for (let from = 1; from < text.length; ) {
    const key = text.startsWith("{") ? readJsonAt(text, from) : undefined;
    const at = key ? key.end + 1 : from;
    const { end } = readJsonAt(text, at);
    const spaced = text.slice(at, end);
    const value = spaced.trim();
    const valueAt = at + spaced.indexOf(value);
    pieces.push({
      name: key ? (key.value as string) : "",
      lead: text.slice(from, valueAt),
      value,
      tail: text.slice(valueAt + value.length, end),
    });
    from = end + 1;
  }
  return pieces;
}
