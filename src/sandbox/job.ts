/** What a child is told of its calls: programs and tables that several calls share travel once. */
import type { Json } from "../core/json.ts";
import type { ToolInvocation, ToolProgram } from "../core/ports/sandbox.ts";
import type { Compiled } from "./compile.ts";
import { longestText, type SandboxLimits } from "./limits.ts";
import { tableText } from "./table.ts";

/**
 * The positions of the calls, those of one program together and those of one table: a child loads either once for calls
 * in a row. Programs are the same where their content is.
 */
export function groupedByProgram(invocations: readonly ToolInvocation[]): number[] {
  const { of, programs, tables } = numberPrograms(invocations);
  const tableOf = programs.map(({ table }) => (table === undefined ? -1 : tables.indexOf(table)));
  return [...invocations.keys()].sort(
    (a, b) => tableOf[of[a]!]! - tableOf[of[b]!]! || of[a]! - of[b]! || a - b,
  );
}

/**
 * Frames: the calls, then each table's JSON text. `compiled` gives what a Python program was compiled to, where that is
 * known.
 */
export function jobOf(
  invocations: readonly ToolInvocation[],
  limits: SandboxLimits,
  compiled: (code: string) => Compiled | null | undefined,
): Uint8Array[] {
  const { programs, tables, of } = numberPrograms(invocations);
  const texts = tables.map(tableText);
  const calls = JSON.stringify({
    fuel: limits.fuel,
    longestText: limits.longestText ?? longestText,
    tables: texts.map(({ rest, large }) => ({ rest, large })),
    programs: programs.map(({ name, code, runtime, table }) => ({
      name,
      ...((runtime === "python" && compiled(code)) || { code }),
      ...(table === undefined ? {} : { table: tables.indexOf(table) }),
    })),
    calls: invocations.map(({ arguments: given, argumentsText }, i) => ({
      program: of[i]!,
      arguments: argumentsText ?? JSON.stringify(given),
    })),
  });
  return [Buffer.from(calls), ...texts.map(({ text }) => text)];
}

/** Distinct programs and tables in the order of their first calls. */
function numberPrograms(invocations: readonly ToolInvocation[]) {
  const tables = new Map<Json, number>();
  /** By code and, which takes long where codes are long, not by a text that holds it; then by table and name. */
  const programs = new Map<string, Map<string, number>>();
  const members: ToolProgram[] = [];
  const of = invocations.map(({ program }) => {
    const { name, code, table } = program;
    if (table !== undefined && !tables.has(table)) tables.set(table, tables.size);
    const key = `${table === undefined ? "" : tables.get(table)!}\n${name}`;
    const ofCode = programs.get(code) ?? new Map<string, number>();
    programs.set(code, ofCode);
    const known = ofCode.get(key);
    if (known !== undefined) return known;
    ofCode.set(key, members.length);
    return members.push(program) - 1;
  });
  return { programs: members, tables: [...tables.keys()], of };
}
