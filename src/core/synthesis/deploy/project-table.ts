/** The part of a subject's data that a tool may read: its own fields, for every row. */
import type { Json } from "../../json.ts";
import type { SubjectTable } from "../candidate.ts";

/** Rows that have none of the fields are left out, and so are the aliases that lead to them. */
export function projectTable(subject: SubjectTable, fields: readonly string[]): SubjectTable {
  const kept: Record<string, Record<string, Json>> = {};
  for (const [key, row] of Object.entries(subject.rows)) {
    const present = fields.filter((field) => row[field] !== undefined);
    if (present.length > 0) kept[key] = Object.fromEntries(present.map((field) => [field, row[field]!]));
  }
  const aliases = Object.entries(subject.aliases).filter(([, key]) => kept[key] !== undefined);
  return { aliases: Object.fromEntries(aliases), rows: kept };
}
