/** A tool as the sandbox runs it: its code with its table beside it. */
import { type Json, ownMember } from "../json.ts";
import type { ToolProgram } from "../ports/sandbox.ts";
import type { Tool } from "./environment.ts";

type Tables = Readonly<Record<string, Json>>;

/** Undefined where the tool has none, or names one that is not there. */
export const tableOf = ({ table }: Pick<Tool, "table">, tables: Tables): Json | undefined =>
  table === undefined ? undefined : ownMember(tables, table);

export function programOf(tool: Tool, tables: Tables): ToolProgram {
  const { document, runtime, code, table } = tool;
  const program = { name: document.name, runtime, code };
  return table === undefined ? program : { ...program, table: tableOf(tool, tables)! };
}
