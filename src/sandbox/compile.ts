/**
 * Python programs compiled once: compiling takes longer than most calls. It is done in children that run no tool, so
 * that no tool has a hand in what another one is compiled to, and kept for the programs that were last used.
 */
import { z } from "zod";
import type { ToolInvocation } from "../core/ports/sandbox.ts";

/** Some 5 KB each. */
const mostPrograms = 4_096;

export interface Compiled {
  /** The code object as Python marshals it, base64. */
  readonly compiled: string;
  /** Whether no call can leave anything behind, by the rules of child/stateless.py. */
  readonly stateless: boolean;
}

const brokenSchema = z.strictObject({ kind: z.literal("raised"), text: z.string(), fuel: z.literal(0) });
const compiledSchema = z.strictObject({ compiled: z.base64(), stateless: z.boolean() });

/** What a child said of a program; null where it cannot be compiled, so that its calls say why. */
export function readCompiled(line: string): Compiled | null {
  const said = z.union([compiledSchema, brokenSchema]).parse(JSON.parse(line));
  return "compiled" in said && said.compiled !== "" ? said : null;
}

/** Of a program that children had to be ended at: its calls compile it themselves and say what comes of it. */
export const neverCompiled = () => null;

export interface CompiledPrograms {
  /** Undefined where the program is not known. */
  get(code: string): Compiled | null | undefined;
  /** One call of each program that is not known yet. */
  unknown(invocations: readonly ToolInvocation[]): ToolInvocation[];
  put(code: string, compiled: Compiled | null): void;
}

export function createCompiledPrograms(): CompiledPrograms {
  const known = new Map<string, Compiled | null>();
  return {
    get(code) {
      const found = known.get(code);
      if (found === undefined) return undefined;
      known.delete(code); // the one last used is the last to go
      known.set(code, found);
      return found;
    },
    unknown(invocations) {
      const byCode = new Map(invocations.map((invocation) => [invocation.program.code, invocation]));
      return [...byCode.values()].filter(({ program }) => !known.has(program.code));
    },
    put(code, compiled) {
      known.set(code, compiled);
      if (known.size > mostPrograms) known.delete(known.keys().next().value!);
    },
  };
}
