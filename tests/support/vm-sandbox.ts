/** Runs JavaScript tools in `node:vm`, for unit tests alone: fast, and no boundary at all. */
import { createContext, Script } from "node:vm";
import type { Sandbox, ToolInvocation, ToolOutcome } from "../../src/core/ports/sandbox.ts";

export function createVmSandbox(): Sandbox & { readonly calls: ToolInvocation[] } {
  const calls: ToolInvocation[] = [];
  return {
    calls,
    run: async (invocations) => {
      calls.push(...invocations);
      return invocations.map(outcomeOf);
    },
    close: async () => {},
  };
}

/** Compiled once per program; a fresh function each call, so that no call sees another's state. */
const scripts = new WeakMap<object, Script>();
const context = createContext({});

function outcomeOf({ program, arguments: given }: ToolInvocation): ToolOutcome {
  const script = scripts.get(program) ?? new Script(`(() => { ${program.code}; return ${program.name}; })()`);
  scripts.set(program, script);
  try {
    const tool = script.runInContext(context) as (given: unknown, table: unknown) => unknown;
    const result = tool(structuredClone(given), program.table);
    return {
      kind: "returned",
      text: typeof result === "string" ? result : (JSON.stringify(result) ?? "null"),
      fuel: 1,
    };
  } catch (error) {
    return { kind: "raised", text: (error as Error).message, fuel: 1 };
  }
}
