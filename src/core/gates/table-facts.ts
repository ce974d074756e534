/** What a tool's data table says about a reference call: its key, the row, and the cell that holds the answer. */
import { tableOf } from "../environment/program.ts";
import type { Json, JsonObject } from "../json.ts";
import { answerMatches } from "../reward/match.ts";
import { isBeyondLimits, type Leaf, leafAt, leavesOf, namesIn, schemaAt, withLeaf } from "./arguments.ts";
import type { MadeCall } from "./calls.ts";
import {
  cellAt,
  cellsOf,
  exactWordings,
  keyOf,
  keysFor,
  looseWordings,
  type Table,
  tableFault,
  type Wording,
} from "./data-table.ts";
import type { Case } from "./gate.ts";

/** Where an answer stands in the rows, and how the tool writes it. */
export interface Column {
  readonly path: readonly string[];
  readonly say: Wording;
}

export interface TableFacts {
  readonly table: Table;
  /** The arguments that name the row: one, or two that make up its key. */
  readonly keys: readonly [Leaf, ...Leaf[]];
  /** What stands between two of them in the table's keys. */
  readonly separator: string;
  /** The row's key in the table. */
  readonly own: string;
  /** Where the answer may come from, the likeliest first: a row can hold it twice. */
  readonly columns: readonly [Column, ...Column[]];
}

const separators = ["|", "/", ":", ";", ", ", ",", " ", "-", "_", "@", ""] as const;

/** Undefined for a tool without a table; a sentence where table and call do not fit together. */
export function tableFacts({ tables }: Case, call: MadeCall): TableFacts | string | undefined {
  const { tool, sub } = call;
  if (tool.table === undefined) return undefined;
  const data = tableOf(tool, tables);
  const fault = tableFault(data);
  if (fault !== undefined) return `${tool.document.name}: ${fault}`;
  const table = data as unknown as Table;
  const named = singleKey(table, call) ?? twoKeys(table, call);
  if (!named) return `${tool.document.name}: none of its arguments is a key of its table`;
  const [first, ...others] = columnsOf(table.rows[named.own]!, call);
  if (!first) return `${tool.document.name}: '${sub.answer}' is not in the table's row of '${named.own}'`;
  return { table, ...named, columns: [first, ...others] };
}

type Named = Pick<TableFacts, "keys" | "separator" | "own">;

/** Free text names rows most often, then numbers, then an enum's choices. */
function keyCandidates({ given, tool }: MadeCall): Leaf[] {
  const free = new Set(namesIn(given, tool.document.parameters).map(({ path }) => path.join()));
  const leaves = leavesOf(given).filter(
    ({ value }) => typeof value === "string" || typeof value === "number",
  );
  const rank = ({ path, value }: Leaf) => (free.has(path.join()) ? 0 : typeof value === "number" ? 1 : 2);
  return leaves.sort((a, b) => rank(a) - rank(b));
}

function singleKey(table: Table, call: MadeCall): Named | undefined {
  for (const key of keyCandidates(call)) {
    const own = keyOf(table, key.value);
    if (own !== undefined) return { keys: [key], separator: "", own };
  }
  return undefined;
}

function twoKeys(table: Table, call: MadeCall): Named | undefined {
  const leaves = keyCandidates(call);
  for (const one of leaves)
    for (const other of leaves)
      for (const separator of one === other ? [] : separators) {
        const own = joinedKey(table, [one.value, other.value], separator);
        if (own !== undefined) return { keys: [one, other], separator, own };
      }
  return undefined;
}

/** The row that several names make up the key of, all of them plain or all tidied. */
function joinedKey(table: Table, values: readonly Json[], separator: string): string | undefined {
  const named = values.map(keysFor);
  const [plain, tidied] = [0, 1].map((i) => named.map((keys) => keys[i]!).join(separator));
  return [plain!, tidied!].find((key) => Object.hasOwn(table.rows, key));
}

/** Columns that hold nothing but the answer, those the call names first; else one that holds it among other words. */
function columnsOf(row: JsonObject, { sub, given }: MadeCall): Column[] {
  const named = new Set(leavesOf(given).map(({ value }) => String(value)));
  const unnamed = ({ path }: Column) => path.filter((step) => !named.has(step)).length;
  const holding = (wordingsOf: typeof exactWordings) =>
    cellsOf(row)
      .flatMap(({ path, value }) => wordingsOf(value, sub.answer).map((say): Column => ({ path, say })))
      .sort((a, b) => unnamed(a) - unnamed(b));
  const exact = holding(exactWordings);
  return exact.length > 0 ? exact : holding(looseWordings);
}

/** The row that arguments ask for; undefined where there is none. */
export function rowAsked({ table, keys, separator }: Named & { table: Table }, given: JsonObject) {
  const values = keys.map(({ path }) => leafAt(given, path));
  if (values.some((value) => value === undefined)) return undefined;
  if (values.length === 1) return keyOf(table, values[0]!);
  return joinedKey(table, values as Json[], separator);
}

/** The call's arguments asking for another row; undefined where they cannot, as where a schema has no such value. */
export function askingFor(
  { table, keys, separator, own }: TableFacts,
  { tool }: MadeCall,
  given: JsonObject,
  row: string,
): JsonObject | undefined {
  const parts = keys.length === 1 ? [row] : partsOf(row, separator, own, keys[0]);
  if (!parts) return undefined;
  let asking: JsonObject | undefined = given;
  for (const [i, { path, value }] of keys.entries()) {
    const schema = schemaAt(tool.document.parameters, path);
    const { enum: choices } = schema;
    const part = parts[i]!;
    const isPart = (choice: Json) =>
      keys.length === 1 ? keyOf(table, choice) === part : keysFor(choice).includes(part);
    const written = choices
      ? (choices as readonly Json[]).find(isPart)
      : typeof value === "number"
        ? numberIn(part)
        : part;
    const isAskable = written !== undefined && !isBeyondLimits(written, schema);
    asking = asking && isAskable ? withLeaf(asking, path, written) : undefined;
  }
  return asking;
}

/**
 * The two names in a row's key, which may hold the separator themselves: parted where the first looks as that of the call's
 * own row does, as "eur" in "eur-2019-01-15" looks like "usd".
 */
function partsOf(row: string, separator: string, own: string, { value }: Leaf): string[] | undefined {
  const first = keysFor(value).find((key) => own.startsWith(key + separator))!;
  const shapeOf = (text: string) => text.replace(/\p{L}+/gu, "a").replace(/\p{N}+/gu, "0");
  const splits = Array.from({ length: row.length - 1 }, (_, i) => i + 1)
    .filter((at) => row.startsWith(separator, at) && at + separator.length < row.length)
    .map((at) => [row.slice(0, at), row.slice(at + separator.length)]);
  const countIn = (text: string) => (separator === "" ? 0 : text.split(separator).length);
  return (
    splits.find(([name]) => shapeOf(name!) === shapeOf(first)) ??
    splits.find(([name]) => separator !== "" && countIn(name!) === countIn(first))
  );
}

const numberIn = (text: string) => (String(Number(text)) === text ? Number(text) : undefined);

/** What the table says of a row, in the words of the tool; undefined where it says nothing, as by an empty text or list. */
export function saidOf({ table }: TableFacts, { path, say }: Column, row: string): string | undefined {
  const cell = cellAt(table.rows[row]!, path);
  const said = cell === undefined ? "" : say(cell);
  return said.trim() === "" ? undefined : said;
}

/** Whether the table says of a row what it says of the call's own. */
export const saysSame = (facts: TableFacts, row: string): boolean =>
  facts.columns.some((column) => {
    const said = saidOf(facts, column, row);
    return said !== undefined && answerMatches(saidOf(facts, column, facts.own)!, said);
  });
