/** What a child is told of its calls: programs and tables that several calls share travel once. */
import type { Json } from "../core/json.ts";
import type { ToolInvocation, ToolProgram } from "../core/ports/sandbox.ts";
import type { Compiled } from "./compile.ts";
import { longestText, type SandboxLimits } from "./limits.ts";

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
  const calls = JSON.stringify({
    fuel: limits.fuel,
    longestText,
    tables: tables.length,
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
  return [Buffer.from(calls), ...tables.map(tableText)];
}

/** Of tables that are still held by somebody: batches of the same environments come one after another. */
const tableTexts = new WeakMap<object, Buffer>();

function tableText(table: Json): Buffer {
  const known = typeof table === "object" && table !== null ? tableTexts.get(table) : undefined;
  if (known) return known;
  const text = Buffer.from(JSON.stringify(table));
  if (typeof table === "object" && table !== null) tableTexts.set(table, text);
  return text;
}

/** Distinct programs and tables in the order of their first calls. */
function numberPrograms(invocations: readonly ToolInvocation[]) {
  const tables = new Map<Json, number>();
  const programs = new Map<string, number>();
  const members: ToolProgram[] = [];
  const of = invocations.map(({ program }) => {
    const { name, code, table } = program;
    if (table !== undefined && !tables.has(table)) tables.set(table, tables.size);
    const key = `${table === undefined ? "" : tables.get(table)!}\n${name}\n${code}`;
    if (!programs.has(key)) {
      programs.set(key, programs.size);
      members.push(program);
    }
    return programs.get(key)!;
  });
  return { programs: members, tables: [...tables.keys()], of };
}
