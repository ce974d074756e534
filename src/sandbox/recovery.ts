/**
 * Brings a list of calls to its end although children may be lost on the way. Finished calls are never run again. A
 * call that two children had to be ended at, for processor time or memory, has that as its outcome: both are counted
 * for the process alone, so that neither load nor clock decides, and a second child only tells a fault of the machine
 * from the call's. Any other lost child is the machine's failure; where
 * three fresh ones were lost to one call alone, its tool is named.
 */
import { RatchetError } from "../core/errors.ts";
import type { ToolInvocation, ToolOutcome } from "../core/ports/sandbox.ts";
import type { BatchResult } from "./batch.ts";
import type { ChildEnd, Exceeded } from "./child.ts";
import type { SandboxLimits } from "./limits.ts";

const triesToStart = 3;
const triesAlone = 3;
const triesToEnd = 2;

export interface Recovery<T> {
  /** Runs calls in one fresh child. */
  readonly runBatch: (invocations: readonly ToolInvocation[]) => Promise<BatchResult<T>>;
  readonly limits: SandboxLimits;
  /** What is said of a call that two children had to be ended at, and for what each. */
  readonly ended: (invocation: ToolInvocation, exceeded: readonly Exceeded[]) => T;
  readonly log: (message: string) => void;
}

export async function runToTheEnd<T = ToolOutcome>(
  recovery: Recovery<T>,
  invocations: readonly ToolInvocation[],
): Promise<T[]> {
  const outcomes: T[] = [];
  while (outcomes.length < invocations.length) {
    const batch = await runStarted(recovery, invocations.slice(outcomes.length));
    outcomes.push(...batch.outcomes);
    // A child ends by itself when it is done, or after a call that its interpreter did not survive.
    if (batch.end.kind === "exited" && batch.outcomes.length > 0) continue;
    recovery.log(`a sandbox child was lost (${detailOf(batch.end)}); the call it was at is tried alone`);
    const suspect = invocations[outcomes.length];
    if (suspect) outcomes.push(await runAlone(recovery, suspect, exceededIn(batch.end)));
  }
  return outcomes;
}

/** A batch whose child came to its first call; a child that did not says nothing about the calls. */
async function runStarted<T>(
  recovery: Recovery<T>,
  invocations: readonly ToolInvocation[],
): Promise<BatchResult<T>> {
  for (let attempt = 1; ; attempt++) {
    const batch = await recovery.runBatch(invocations);
    if (batch.started) return batch;
    const detail = detailOf(batch.end);
    recovery.log(`a sandbox child did not start, ${attempt} of ${triesToStart} times: ${detail}`);
    if (attempt === triesToStart)
      throw new RatchetError(
        "SandboxFailure",
        `the sandbox did not start, ${triesToStart} times: ${detail}; check memory, load and node_modules`,
        { detail },
      );
  }
}

/** `before` says what the child that was lost to this call had to be ended for. */
async function runAlone<T>(
  recovery: Recovery<T>,
  invocation: ToolInvocation,
  before: readonly Exceeded[],
): Promise<T> {
  const { name } = invocation.program;
  const exceeded = [...before];
  for (let attempt = 1; ; attempt++) {
    const { outcomes, end } = await runStarted(recovery, [invocation]);
    if (outcomes.length === 1) return outcomes[0]!;
    exceeded.push(...exceededIn(end));
    if (exceeded.length === triesToEnd) return recovery.ended(invocation, exceeded);
    recovery.log(
      `tool '${name}' lost its sandbox child, alone, ${attempt} of ${triesAlone} times: ${detailOf(end)}`,
    );
    if (attempt === triesAlone) throw toolFailure(name, end, recovery.limits);
  }
}

const exceededIn = (end: ChildEnd): Exceeded[] =>
  end.kind === "failed" && (end.reason === "time" || end.reason === "memory") ? [end.reason] : [];

const detailOf = (end: ChildEnd) => (end.kind === "failed" ? end.detail : "it ended without a word");

function toolFailure(tool: string, end: ChildEnd, { wallMs }: SandboxLimits): RatchetError {
  const reason = end.kind === "failed" ? end.reason : "crashed";
  const what = {
    silent: `was silent for ${wallMs} ms; lower the load`,
    time: `ran past its limit (${detailOf(end)}); raise toolTimeoutMs`,
    memory: `went past its limit (${detailOf(end)}); raise memoryMb`,
    crashed: `ended its process (${detailOf(end)}); mend`,
    garbled: `spoke for its process (${detailOf(end)}); mend`,
  };
  return new RatchetError(
    "SandboxFailure",
    `tool '${tool}' ${what[reason]} or simplify the tool; ${triesAlone} fresh children agree`,
    { tool, reason },
  );
}
