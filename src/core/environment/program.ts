/** A tool as the sandbox runs it: its code with its table beside it. */
import type { Json } from "../json.ts";
import type { ToolProgram } from "../ports/sandbox.ts";
import type { Tool } from "./environment.ts";

export function programOf(tool: Tool, tables: Readonly<Record<string, Json>>): ToolProgram {
  const { document, runtime, code, table } = tool;
  const program = { name: document.name, runtime, code };
  return table === undefined ? program : { ...program, table: tables[table]! };
}
