/**
 * Rows as a parquet file and back, with no value changed: text, whole numbers, doubles and truth values as columns of
 * their type, lists of messages as pandas and datasets write them, and whatever else as JSON text.
 */
import { type ParquetParsers, parquetMetadata, parquetReadObjects } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer, schemaFromColumnData } from "hyparquet-writer";
import { RatchetError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { readJson } from "../../core/trajectory/json-source.ts";

type SchemaElements = ReturnType<typeof schemaFromColumnData>;

/** What the columns alone do not say, as JSON in the file's own metadata. */
const notesKey = "ratchet.rows";
interface Notes {
  /** Columns that hold JSON text, which is given back as it is. */
  readonly json: readonly string[];
  /** Column -> rows in which the field was not there at all: a column has a value in every row. */
  readonly absent: readonly (readonly [string, readonly number[]])[];
}
/**
 * `__proto__` would set an object's prototype instead of a member when rows are read, a byte order mark is dropped from the
 * front of names, and half a surrogate pair has no UTF-8.
 */
const isUnreadable = (name: string) =>
  name === "__proto__" || name.startsWith("\ufeff") || !isWellFormed(name);
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** One value with the text it had, which tells 0.0 from 0. */
interface Cell {
  readonly value: Json;
  readonly text: string;
}

/** Throws InvalidInput for a field that no reader would give back. */
export function parquetBytes(texts: readonly string[]): Uint8Array {
  const rows = texts.map((text) => {
    const { value, members } = readJson(text);
    return new Map(
      Object.entries(value as JsonObject).map(([name, member]): [string, Cell] => [
        name,
        { value: member, text: members.get(name)! },
      ]),
    );
  });
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const unreadable = names.find(isUnreadable);
  if (unreadable !== undefined)
    throw new RatchetError(
      "InvalidInput",
      `field '${unreadable}' cannot be a parquet column; write .jsonl, or rename the field`,
      { field: unreadable },
    );
  const absent = names
    .map((name) => [name, rows.flatMap((row, i) => (row.has(name) ? [] : [i]))] as const)
    .filter(([, lacking]) => lacking.length > 0);
  const columns = names.map((name) =>
    columnOf(
      name,
      rows.map((row) => row.get(name)?.value ?? null),
      rows,
    ),
  );
  const json = columns.filter((column) => column.json).map(({ source }) => source.name);
  const notes: Notes = { json, absent };
  const schema: SchemaElements = [
    { name: "root", num_children: columns.length },
    ...columns.flatMap(
      ({ source, nested }) => nested ?? schemaFromColumnData({ columnData: [source] }).slice(1),
    ),
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(({ source: { name, data } }) => ({ name, data })),
      schema,
      kvMetadata: [{ key: notesKey, value: JSON.stringify(notes) }],
    }),
  );
}

interface Column {
  readonly source: ColumnSource;
  readonly nested?: SchemaElements;
  readonly json?: boolean;
}

function columnOf(name: string, values: readonly Json[], rows: readonly ReadonlyMap<string, Cell>[]): Column {
  const source = (type: ColumnSource["type"], data: readonly unknown[]): Column => ({
    source: { name, type, data: [...data] } as ColumnSource,
  });
  const known = values.filter((value) => value !== null);
  if (known.length > 0 && known.every((value) => typeof value === "string" && isWellFormed(value)))
    return source("STRING", values);
  if (known.length > 0 && known.every((value) => typeof value === "boolean"))
    return source("BOOLEAN", values);
  if (known.length > 0 && known.every((value) => typeof value === "number")) {
    const texts = rows.map((row) => row.get(name)?.text ?? "null");
    const whole = texts.map((text) => (isWhole(text) ? BigInt(text) : null));
    const allWhole = texts.every((text, i) => text === "null" || fitsInt64(whole[i]!));
    if (allWhole) return source("INT64", whole);
    if (texts.every((text) => text === "null" || !isWhole(text))) return source("DOUBLE", values);
  }
  const members = memberNames(values);
  if (members) return { ...source(undefined, values), nested: listSchema(name, members) };
  const texts = rows.map((row) => row.get(name)?.text ?? null);
  return {
    ...source(
      "STRING",
      texts.map((text) => (text === "null" ? null : text)),
    ),
    json: true,
  };
}

/** "-0" is a double. */
const isWhole = (text: string) => /^(0|-?[1-9]\d*)$/.test(text);

const fitsInt64 = (value: bigint | null) => value !== null && value >= int64.least && value <= int64.most;

/** Half a surrogate pair has no UTF-8; JSON writes it as an escape. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);

/** Names of the members where every value is a list of objects with the same text members: chat messages. */
function memberNames(values: readonly Json[]): string[] | undefined {
  if (!values.every((value): value is readonly Json[] => Array.isArray(value))) return undefined;
  const objects = values.flat() as Json[];
  const isFlat = objects.every(
    (one) =>
      typeof one === "object" &&
      one !== null &&
      !Array.isArray(one) &&
      Object.values(one).every((member) => typeof member === "string" && isWellFormed(member)),
  );
  const [first] = objects;
  if (!isFlat || first === undefined) return undefined;
  const names = Object.keys(first as JsonObject);
  const isSame = objects.every((one) => Object.keys(one as JsonObject).join("\n") === names.join("\n"));
  return names.length > 0 && isSame && !names.some(isUnreadable) ? names : undefined;
}

const listSchema = (name: string, members: readonly string[]): SchemaElements => [
  { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", repetition_type: "OPTIONAL", num_children: members.length },
  ...members.map((member) => ({
    name: member,
    type: "BYTE_ARRAY" as const,
    converted_type: "UTF8" as const,
    repetition_type: "OPTIONAL" as const,
  })),
];

/** Bytes that were said to be text and are not. */
class NoText {}
/** A value that was stored as JSON and is given back as it is. */
class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | NoText {
  try {
    return utf8.decode(bytes);
  } catch {
    return new NoText();
  }
}

/** The library's own drop byte order marks, put other characters in the place of bytes that are no text, and round. */
const parsers: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes && decoded(bytes),
  jsonFromBytes: (bytes) => {
    const text = bytes && decoded(bytes);
    return typeof text === "string" ? new JsonText(text) : text;
  },
};

/** Each row as JSON text. Throws InvalidInput for bytes that are no parquet and for values that JSON cannot hold. */
export async function parquetRows(bytes: Buffer, path: string): Promise<string[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = parquetMetadata(file);
    const doubles = new Set(
      metadata.schema.filter(({ type }) => type === "DOUBLE" || type === "FLOAT").map(({ name }) => name),
    );
    const stored = metadata.key_value_metadata?.find(({ key }) => key === notesKey)?.value;
    const notes = JSON.parse(stored ?? '{ "json": [], "absent": [] }') as Notes;
    const absent = new Map(notes.absent);
    const json = new Set(notes.json);
    const rows = await parquetReadObjects({ file, metadata, parsers });
    return rows.map((row, i) => {
      const members = Object.entries(row)
        .filter(([name]) => !absent.get(name)?.includes(i))
        .map(([name, value]) => {
          const text =
            json.has(name) && typeof value === "string"
              ? value
              : textOf(value, { path, row: i + 1, field: name }, doubles.has(name));
          return `${JSON.stringify(name)}: ${text}`;
        });
      return `{${members.join(", ")}}`;
    });
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    throw new RatchetError(
      "InvalidInput",
      `FILE ${path} is no parquet file that can be read: ${(error as Error).message}; write it again uncompressed or with snappy, or give JSON lines`,
      { field: "FILE", value: path },
      error,
    );
  }
}

interface Place {
  readonly path: string;
  readonly row: number;
  readonly field: string;
}

function textOf(value: unknown, place: Place, isDouble: boolean): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && isDouble && Number.isInteger(value))
    return Object.is(value, -0) ? "-0.0" : `${value}.0`.replace(/(e\+\d+)\.0$/, "$1");
  if (value === null || value === undefined) return "null";
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  // What is no finite number stands in rows as Python's own JSON writes it: NaN, Infinity.
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : String(value);
  if (value instanceof JsonText) return jsonIn(value, place);
  if (Array.isArray(value)) return `[${value.map((member) => textOf(member, place, false)).join(", ")}]`;
  if (Object.getPrototypeOf(value) === Object.prototype)
    return `{${Object.entries(value as object)
      .map(([name, member]) => `${JSON.stringify(name)}: ${textOf(member, place, false)}`)
      .join(", ")}}`;
  if (value instanceof NoText) throw refusal(place, "is not UTF-8; write the column as UTF-8");
  const shown = String(value).slice(0, 40);
  throw refusal(
    place,
    `= ${shown} cannot be said in JSON; cast the column to text or to numbers and write the file again`,
  );
}

/** On one line, for a row is one. */
function jsonIn({ text }: JsonText, place: Place): string {
  try {
    readJson(text);
  } catch {
    throw refusal(place, "is said to be JSON and is none; cast the column to text and write the file again");
  }
  return text.trim().replace(/[\r\n]+/g, " ");
}

const refusal = ({ path, row, field }: Place, what: string) =>
  new RatchetError("InvalidInput", `FILE ${path} row ${row}: field '${field}' ${what}`, { field, row });
