/** The part of a subject's data that a tool of one field may read: that field, for every row. */
import type { SubjectTable } from "../candidate.ts";

/** Rows that lack the field are left out, and so are the aliases that lead to them. */
export function projectTable(subject: SubjectTable, field: string): SubjectTable {
  const rows = Object.entries(subject.rows).filter(([, row]) => row[field] !== undefined);
  const kept = Object.fromEntries(rows.map(([key, row]) => [key, { [field]: row[field]! }]));
  const aliases = Object.entries(subject.aliases).filter(([, key]) => Object.hasOwn(kept, key));
  return { aliases: Object.fromEntries(aliases), rows: kept };
}
