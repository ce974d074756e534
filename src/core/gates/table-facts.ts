/** What a tool's data table says about a reference call: its key, the row, and the column that holds the answer. */
import type { Json } from "../json.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { type Leaf, leavesOf, namesIn } from "./arguments.ts";
import type { MadeCall } from "./calls.ts";
import type { Case } from "./gate.ts";

export interface Table {
  readonly aliases: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

export interface TableFacts {
  readonly table: Table;
  /** The argument that names the row. */
  readonly key: Leaf;
  /** The row's key in the table. */
  readonly own: string;
  readonly field: string;
}

/** Undefined for a tool without a table; a sentence where table and call do not fit together. */
export function tableFacts({ tables }: Case, call: MadeCall): TableFacts | string | undefined {
  const { tool, given, sub } = call;
  if (tool.table === undefined) return undefined;
  const table = tables[tool.table] as unknown as Table | undefined;
  if (!table?.rows || !table.aliases) return `${tool.document.name}: its table has no rows and aliases`;
  const key = namesIn(given, tool.document.parameters).find(({ value }) => keyOf(table, value) !== undefined);
  if (!key) return `${tool.document.name}: none of its arguments is a key of its table`;
  const own = keyOf(table, key.value)!;
  const field = fieldOf(table.rows[own]!, call);
  if (!field) return `${tool.document.name}: '${sub.answer}' is not in the table's row of '${own}'`;
  return { table, key, own, field };
}

export function keyOf(table: Table, name: Leaf["value"]): string | undefined {
  const key = tidyKey(String(name));
  if (Object.hasOwn(table.rows, key)) return key;
  return Object.hasOwn(table.aliases, key) ? table.aliases[key] : undefined;
}

/** The column that holds the answer; of several, the one the call names. */
function fieldOf(row: Readonly<Record<string, Json>>, { sub, given }: MadeCall): string | undefined {
  const holding = Object.keys(row).filter((field) => String(row[field]) === sub.answer);
  const named = leavesOf(given).map(({ value }) => value);
  return holding.find((field) => named.includes(field)) ?? holding[0];
}
