/**
 * A table as a child is given it: its JSON text, in which every member of a large object stands on a line of its own
 * (JSON allows it), so that the child finds one without reading the others (child/table.mjs).
 */
import { isObject, type Json, type JsonObject } from "../core/json.ts";

export interface TableText {
  readonly text: Buffer;
  /** JSON text of the table without its large objects; empty where the table itself is one. */
  readonly rest: string;
  /** Of the large objects, in order: under which key of the table, and where its lines are, in bytes. */
  readonly large: readonly { readonly key: string; readonly from: number; readonly to: number }[];
}

/** Members from which an object is large. */
const fewestMembers = 32;

/** Of tables that are still held by somebody: batches of the same environments come one after another. */
const known = new WeakMap<object, TableText>();

export function tableText(table: Json): TableText {
  if (typeof table !== "object" || table === null) return textOf(table);
  const found = known.get(table) ?? textOf(table);
  known.set(table, found);
  return found;
}

function textOf(table: Json): TableText {
  if (isLarge(table)) {
    const text = Buffer.from(linesOf(table));
    return { text, rest: "", large: [{ key: "", from: 0, to: text.length }] };
  }
  const members = isObject(table) ? membersOf(table) : [];
  if (!members.some(([, value]) => isLarge(value)))
    return { text: Buffer.from(JSON.stringify(table)), rest: "", large: [] };
  const large: TableText["large"][number][] = [];
  const parts: Buffer[] = [];
  let length = 0;
  const put = (part: string) => {
    const bytes = Buffer.from(part);
    parts.push(bytes);
    length += bytes.length;
    return length - bytes.length;
  };
  for (const [i, [key, value]] of members.entries()) {
    put(`${i === 0 ? "{" : ","}${JSON.stringify(key)}:`);
    const from = put(isLarge(value) ? linesOf(value) : JSON.stringify(value));
    if (isLarge(value)) large.push({ key, from, to: length });
  }
  put("}");
  const rest = members.map(
    ([key, value]) => `${JSON.stringify(key)}:${isLarge(value) ? "null" : JSON.stringify(value)}`,
  );
  return { text: Buffer.concat(parts), rest: `{${rest.join()}}`, large };
}

const linesOf = (object: JsonObject) =>
  `{\n${membersOf(object)
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(",\n")}\n}`;

/** Those that JSON text has. */
const membersOf = (object: JsonObject) =>
  Object.entries(object).filter(([, value]) => (value as Json | undefined) !== undefined);

const isLarge = (value: Json): value is JsonObject =>
  isObject(value) && Object.keys(value).length >= fewestMembers;
