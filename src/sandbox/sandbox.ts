/**
 * Runs tool code nobody trusts, each batch in a disposable child. What a tool does, errors and endless loops included,
 * is an outcome and the same on every machine; what goes wrong around it is a SandboxFailure.
 */
import { RatchetError } from "../core/errors.ts";
import type { Sandbox, ToolInvocation, ToolOutcome, ToolProgram } from "../core/ports/sandbox.ts";
import { runBatch } from "./batch.ts";
import { makePythonSnapshot } from "./interpreters.ts";
import { findIsolation } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { runToTheEnd } from "./recovery.ts";

export interface SandboxOptions extends SandboxLimits {
  /** Told what is unusual: a lost child, a protection the platform lacks. */
  readonly log: (message: string) => void;
}

export interface ChildSandbox extends Sandbox {
  /** Process ids of the children alive now. */
  pids(): number[];
}

/** A sandbox starts nothing until it is used; the first Python batch makes the snapshot (some 3 s). */
export function createSandbox(options: SandboxOptions): ChildSandbox {
  const isolation = findIsolation();
  if (isolation.missing.length > 0)
    options.log(`this machine does not offer sandbox children ${isolation.missing.join(" or ")}`);
  const alive = new Set<number>();
  const closing = new AbortController();
  let snapshot: Promise<Uint8Array> | undefined;
  const pythonSnapshot = () => {
    snapshot ??= makePythonSnapshot(options.memoryMb, isolation, alive, closing.signal).catch((error) => {
      snapshot = undefined; // the next batch tries again
      throw error;
    });
    return snapshot;
  };

  const runAll = (runtime: ToolProgram["runtime"], calls: readonly ToolInvocation[], signal: AbortSignal) =>
    runToTheEnd(
      {
        runBatch: async (invocations) => {
          const interpreter = runtime === "python" ? { snapshot: await pythonSnapshot() } : {};
          return runBatch({ runtime, invocations, signal, ...interpreter }, options, isolation, alive);
        },
        limits: options,
        log: options.log,
      },
      calls,
    );

  return {
    async run(invocations, signal) {
      refuseTablesForPython(invocations);
      const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      const outcomes = new Array<ToolOutcome>(invocations.length);
      const perRuntime = (["javascript", "python"] as const).map(async (runtime) => {
        const members = [...invocations.entries()].filter(([, { program }]) => program.runtime === runtime);
        const calls = members.map(([, invocation]) => invocation);
        const results = await runAll(runtime, calls, either);
        for (const [position, [i]] of members.entries()) outcomes[i] = results[position]!;
      });
      await Promise.allSettled(perRuntime); // whatever fails, no child is left behind
      await Promise.all(perRuntime);
      return outcomes;
    },
    async close() {
      closing.abort(new RatchetError("SandboxFailure", "the sandbox was closed"));
    },
    pids: () => [...alive],
  };
}

function refuseTablesForPython(invocations: readonly ToolInvocation[]) {
  const refused = invocations.find(
    ({ program }) => program.runtime === "python" && program.table !== undefined,
  );
  if (refused)
    throw new RatchetError(
      "InvalidInput",
      `tool '${refused.program.name}' is Python and has a table; only JavaScript tools are given tables, so put the data in its code`,
      { tool: refused.program.name },
    );
}
