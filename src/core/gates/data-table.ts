/** A tool's data table: rows by plain or tidied key, other names that lead to them, and how a cell is said. */
import { isObject, type Json, type JsonObject } from "../json.ts";
import { normalizeAnswer } from "../reward/match.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { dateSpellings, isDate } from "./date-spellings.ts";

export interface Table {
  readonly aliases: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, JsonObject>>;
}

/** Tables are shared by many environments, and large. */
const judged = new WeakMap<object, string | undefined>();

/** What keeps JSON from being a table, or undefined where nothing does. */
export function tableFault(table: Json | undefined): string | undefined {
  if (table === undefined) return "its table is missing";
  if (!isObject(table)) return "its table is no object of rows and aliases";
  if (!judged.has(table)) judged.set(table, faultOf(table));
  return judged.get(table);
}

function faultOf({ rows, aliases }: JsonObject): string | undefined {
  if (!isObject(rows) || !isObject(aliases)) return "its table has no rows and aliases";
  const entries = Object.entries(rows);
  if (entries.length === 0) return "its table has no rows";
  const [broken] = entries.find(([, row]) => !isObject(row)) ?? [];
  if (broken !== undefined) return `its table's row '${broken}' is no object of fields`;
  const [lost] =
    Object.entries(aliases).find(([, key]) => typeof key !== "string" || !Object.hasOwn(rows, key)) ?? [];
  return lost === undefined ? undefined : `its table's alias '${lost}' leads to no row`;
}

/** Trimmed and in lower case, as the keys of a table written by hand are: accents and scripts stay as they are. */
export const plainKey = (name: string) => name.trim().toLowerCase();

/** What a name may be called in a table's keys, the likelier first. */
export const keysFor = (name: Json): readonly string[] => [plainKey(String(name)), tidyKey(String(name))];

/** The row that a name leads to. */
export function keyOf(table: Table, name: Json): string | undefined {
  for (const key of keysFor(name)) {
    if (Object.hasOwn(table.rows, key)) return key;
    if (Object.hasOwn(table.aliases, key)) return table.aliases[key];
  }
  return undefined;
}

/** A cell of a row and the way to it: a column, or a column of a column. */
export interface Cell {
  readonly path: readonly string[];
  readonly value: Json;
}

export const cellsOf = (row: JsonObject, path: readonly string[] = []): Cell[] =>
  Object.entries(row).flatMap(([name, value]) =>
    isObject(value) ? cellsOf(value, [...path, name]) : [{ path: [...path, name], value }],
  );

/** Undefined where the row has no such cell, or says that there is nothing. */
export const cellAt = (row: JsonObject, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>(
    (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
    row,
  ) ?? undefined;

/** How a tool may write a cell: as it is, a list with commas, a number rounded or in groups of digits, a date in words. */
export type Wording = (cell: Json) => string;

const plain: Wording = (cell) => (Array.isArray(cell) ? cell.map(String).join(", ") : String(cell));
const onNumbers =
  (write: (value: number) => string): Wording =>
  (cell) =>
    typeof cell === "number" ? write(cell) : plain(cell);
const roundings = [0, 1, 2, 3, 4].map((digits) => onNumbers((value) => value.toFixed(digits)));
const groupings = [" ", "\u00a0", "\u202f", "'", "_", "."].map((group) =>
  onNumbers((value) => String(value).replace(/\B(?=(\d{3})+$)/g, group)),
);

/** Small numbers, and very large ones, are powers of ten to Python before they are to JavaScript. */
const asPython = onNumbers((value) =>
  value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16)
    ? value.toExponential().replace(/e([+-])(\d)$/, "e$10$2")
    : String(value),
);
/** A date in words, its parts in another order, its year and month, its year. */
const datesSaid = (cell: Json): string[] =>
  isDate(cell) ? [...dateSpellings(cell), cell.slice(0, 7), cell.slice(0, 4)] : [];
/** As it stands in data it is said already. */
const datingsOf = (cell: Json, answer: string): Wording[] =>
  datesSaid(cell).flatMap((said, i): Wording[] =>
    said === answer && said !== cell ? [(other) => datesSaid(other)[i] ?? plain(other)] : [],
  );

/** A grouping that changes nothing is none; of a rounding that changes nothing, other cells may tell. */
const wordingsOf = (cell: Json): readonly Wording[] =>
  typeof cell === "number"
    ? [plain, ...roundings, ...[...groupings, asPython].filter((say) => say(cell) !== plain(cell))]
    : [plain];

/** Short cells are in any text, so an answer has to say more than they do only with one of these. */
const leastContained = 2;

/** The wordings by which an answer says just the cell: a number may be rounded in several ways that come to the same. */
export const exactWordings = (cell: Json, answer: string): Wording[] => [
  ...wordingsOf(cell).filter((say) => say(cell) === answer),
  ...datingsOf(cell, answer),
];

/** Those by which it says the cell among other words, such as its unit. */
export const looseWordings = (cell: Json, answer: string): Wording[] =>
  wordingsOf(cell).filter((say) => {
    const said = normalizeAnswer(say(cell));
    return said.length >= leastContained && boundedBy(said).test(normalizeAnswer(answer));
  });

const boundedBy = (said: string) =>
  new RegExp(`(?<![\\p{L}\\p{N}])${said.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "u");
