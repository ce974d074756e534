/**
 * Runs tool code nobody trusts, each batch in a disposable child. What a tool does, errors and endless loops included,
 * is an outcome and the same on every machine. A child that had to be killed is a failure of the machine until the call
 * it was at has failed alone in three fresh children; only then is it named.
 */
import { RatchetError } from "../core/errors.ts";
import type { Sandbox, ToolInvocation, ToolOutcome, ToolProgram } from "../core/ports/sandbox.ts";
import { type BatchResult, runBatch } from "./batch.ts";
import { makePythonSnapshot } from "./interpreters.ts";
import { findIsolation } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";

/** Fresh children a call is given before it, not the machine, is blamed. */
const triesAlone = 3;

export interface SandboxOptions extends SandboxLimits {
  /** Told what is unusual: a killed child, a protection the platform lacks. */
  readonly log: (message: string) => void;
}

export interface ChildSandbox extends Sandbox {
  /** Process ids of the children alive now. */
  pids(): number[];
}

/** A sandbox starts nothing until it is used; the first Python batch makes the snapshot (some 3 s). */
export function createSandbox(options: SandboxOptions): ChildSandbox {
  const { log } = options;
  const isolation = findIsolation();
  if (isolation.missing.length > 0)
    log(`this machine does not offer sandbox children ${isolation.missing.join(" or ")}`);
  const alive = new Set<number>();
  const closing = new AbortController();
  let snapshot: Promise<Uint8Array> | undefined;

  const batchOf = async (
    runtime: ToolProgram["runtime"],
    invocations: readonly ToolInvocation[],
    signal: AbortSignal,
  ): Promise<BatchResult> => {
    if (runtime === "javascript")
      return runBatch({ runtime, invocations, signal }, options, isolation, alive);
    snapshot ??= makePythonSnapshot(options.memoryMb, isolation, alive, closing.signal).catch((error) => {
      snapshot = undefined; // the next batch tries again
      throw error;
    });
    return runBatch({ runtime, invocations, signal, snapshot: await snapshot }, options, isolation, alive);
  };

  /** The outcome of one call, alone in a fresh child, up to three times. */
  const runAlone = async (invocation: ToolInvocation, signal: AbortSignal): Promise<ToolOutcome> => {
    const { name, runtime } = invocation.program;
    for (let attempt = 1; ; attempt++) {
      const { outcomes, end } = await batchOf(runtime, [invocation], signal);
      if (outcomes.length === 1) return outcomes[0]!;
      const { reason, detail } = end.kind === "failed" ? end : { reason: "crashed", detail: "no outcome" };
      log(`tool '${name}' ended its sandbox child, alone, ${attempt} of ${triesAlone} times: ${detail}`);
      if (attempt === triesAlone) throw toolFailure(name, reason, detail, options);
    }
  };

  const runAll = async (
    runtime: ToolProgram["runtime"],
    invocations: readonly ToolInvocation[],
    signal: AbortSignal,
  ): Promise<ToolOutcome[]> => {
    const outcomes: ToolOutcome[] = [];
    let failedStarts = 0;
    while (outcomes.length < invocations.length) {
      const batch = await batchOf(runtime, invocations.slice(outcomes.length), signal);
      outcomes.push(...batch.outcomes);
      if (batch.end.kind === "exited" && batch.outcomes.length > 0) continue;
      const detail = batch.end.kind === "failed" ? batch.end.detail : "no outcome";
      if (!batch.started && ++failedStarts >= triesAlone) throw startFailure(runtime, detail);
      if (!batch.started) continue;
      log(`a ${runtime} sandbox child was lost: ${detail}; its current call is tried alone`);
      const suspect = invocations[outcomes.length];
      if (suspect) outcomes.push(await runAlone(suspect, signal));
    }
    return outcomes;
  };

  return {
    async run(invocations, signal) {
      refuseTablesForPython(invocations);
      const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      const outcomes = new Array<ToolOutcome>(invocations.length);
      const runtimes = ["javascript", "python"] as const;
      await Promise.all(
        runtimes.map(async (runtime) => {
          const members = invocations.flatMap(({ program }, i) => (program.runtime === runtime ? [i] : []));
          const results = await runAll(
            runtime,
            members.map((i) => invocations[i]!),
            either,
          );
          for (const [position, i] of members.entries()) outcomes[i] = results[position]!;
        }),
      );
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

function toolFailure(
  name: string,
  reason: string,
  detail: string,
  { wallMs, memoryMb }: SandboxLimits,
): RatchetError {
  const what: Record<string, string> = {
    silent: `ran past its ${wallMs} ms limit; raise wallMs`,
    memory: `used too much memory (${detail}; limit ${memoryMb} MiB for the tool); raise memoryMb`,
  };
  return new RatchetError(
    "SandboxFailure",
    `tool '${name}' ${what[reason] ?? `ended its process (${detail})`} or simplify the tool; ${triesAlone} fresh children agree`,
    { tool: name, reason, wallMs, memoryMb },
  );
}

function startFailure(runtime: string, detail: string): RatchetError {
  return new RatchetError(
    "SandboxFailure",
    `the ${runtime} sandbox did not start, ${triesAlone} times: ${detail}; check memory, load and node_modules`,
    { runtime },
  );
}
