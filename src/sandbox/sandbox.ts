/**
 * Runs tool code nobody trusts, each batch in a disposable child. What a tool does, errors and endless loops included,
 * is an outcome and the same on every machine; what goes wrong around it is a SandboxFailure.
 */
import { RatchetError } from "../core/errors.ts";
import type {
  Sandbox,
  Surroundings,
  ToolInvocation,
  ToolOutcome,
  ToolProgram,
} from "../core/ports/sandbox.ts";
import { endedOutcome, readOutcome, runBatch } from "./batch.ts";
import { createCompiledPrograms, neverCompiled, readCompiled } from "./compile.ts";
import { childStart } from "./interpreters.ts";
import { findIsolation, type Isolation } from "./isolation.ts";
import { groupedByProgram, jobOf } from "./job.ts";
import { budgetOf, type SandboxLimits } from "./limits.ts";
import { type Recovery, runToTheEnd } from "./recovery.ts";
import { createSnapshot } from "./snapshot.ts";
import { createSpares, startSpare } from "./spares.ts";

export interface SandboxOptions extends SandboxLimits {
  /** Told what is unusual: a lost child, a protection the platform lacks. */
  readonly log: (message: string) => void;
  /** All that this machine offers where absent. */
  readonly isolation?: Isolation;
}

export interface ChildSandbox extends Sandbox {
  /** Process ids of the children that have a job now; spares have none. */
  pids(): number[];
}

type Runtime = ToolProgram["runtime"];

/** A sandbox starts nothing until it is used; the first Python batch makes the snapshot (some 3 s). */
export function createSandbox(options: SandboxOptions): ChildSandbox {
  const isolation = options.isolation ?? findIsolation();
  if (isolation.missing.length > 0)
    options.log(`this machine does not offer sandbox children ${isolation.missing.join(" or ")}`);
  const busy = new Set<number>();
  const closing = new AbortController();
  const children = createChildren(options, isolation, closing.signal);
  const programs = createCompiledPrograms();
  const recoveryOf = <T>(ended: Recovery<T>["ended"], runBatch: Recovery<T>["runBatch"]) => ({
    ended,
    runBatch,
    limits: options,
    log: options.log,
  });

  const compileUnknown = async (invocations: readonly ToolInvocation[], signal: AbortSignal) => {
    const unknown = programs.unknown(invocations);
    const compiled = await runToTheEnd(
      recoveryOf(neverCompiled, async (members) => {
        const job = [Buffer.from(JSON.stringify({ programs: members.map(({ program }) => program.code) }))];
        return runBatch(
          {
            spare: await children.compiler(),
            job,
            count: members.length,
            read: readCompiled,
            wallMs: options.wallMs,
            budget: budgetOf("python", options, job),
            signal,
          },
          busy,
        );
      }),
      unknown,
    );
    for (const [i, { program }] of unknown.entries()) programs.put(program.code, compiled[i]!);
  };

  const runAll = async (
    runtime: Runtime,
    invocations: readonly ToolInvocation[],
    signal: AbortSignal,
    surroundings: Surroundings,
  ) => {
    if (runtime === "python") await compileUnknown(invocations, signal);
    const spares = children[surroundings][runtime];
    return runToTheEnd(
      recoveryOf(endedOutcome(options), async (members) => {
        const job = jobOf(members, options, programs.get);
        return runBatch(
          {
            spare: await spares.take(),
            job,
            count: members.length,
            read: (line, i) => readOutcome(line, members[i]!, options),
            wallMs: options.wallMs,
            budget: budgetOf(runtime, options, job),
            signal,
          },
          busy,
        );
      }),
      invocations,
    );
  };

  return {
    async run(invocations, signal, surroundings = "usual") {
      const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      const outcomes = new Array<ToolOutcome>(invocations.length);
      const order = groupedByProgram(invocations);
      const perRuntime = (["javascript", "python"] as const).map(async (runtime) => {
        const members = order.filter((i) => invocations[i]!.program.runtime === runtime);
        const results = await runAll(
          runtime,
          members.map((i) => invocations[i]!),
          either,
          surroundings,
        );
        for (const [position, i] of members.entries()) outcomes[i] = results[position]!;
      });
      await Promise.allSettled(perRuntime); // whatever fails, no child is left behind
      await Promise.all(perRuntime);
      return outcomes;
    },
    async close() {
      closing.abort(new RatchetError("SandboxFailure", "the sandbox was closed"));
      for (const surroundings of [children.usual, children.other])
        for (const spares of [surroundings.javascript, surroundings.python]) spares.close();
    },
    pids: () => [...busy],
  };
}

function createChildren(limits: SandboxLimits, isolation: Isolation, signal: AbortSignal) {
  const usual = createSnapshot(limits, isolation, signal);
  const other = createSnapshot(limits, isolation, signal, "other");
  const childrenIn = (surroundings: Surroundings, snapshot: typeof usual) => ({
    javascript: createSpares(async () =>
      startSpare(childStart("javascript", limits, "run", surroundings), isolation),
    ),
    python: createSpares(async () =>
      startSpare(childStart("python", limits, "run", surroundings), isolation, [await snapshot()]),
    ),
  });
  return {
    usual: childrenIn("usual", usual),
    other: childrenIn("other", other),
    compiler: async () => startSpare(childStart("python", limits, "compile"), isolation, [await usual()]),
  };
}
