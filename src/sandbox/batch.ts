/**
 * A batch of calls in one child: outcomes arrive one line each, in order, so that when the child ends early it is known
 * which calls are done and which one it was at.
 */
import { z } from "zod";
import type { ToolInvocation, ToolOutcome } from "../core/ports/sandbox.ts";
import type { Budget, ChildEnd, Exceeded } from "./child.ts";
import type { SandboxLimits } from "./limits.ts";
import { lineReader } from "./lines.ts";
import type { Spare } from "./spares.ts";

const outcomeSchema = z.strictObject({
  kind: z.enum(["returned", "raised", "out_of_fuel"]), // no child says that it was ended
  text: z.string(),
  fuel: z.number().int().nonnegative(),
});

export interface Batch<T> {
  readonly spare: Spare;
  /** What the child is told, frame by frame. */
  readonly job: readonly (string | Uint8Array)[];
  /** Most outcomes. */
  readonly count: number;
  /** Throws where a line is no outcome. */
  readonly read: (line: string, index: number) => T;
  readonly wallMs: number;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

export interface BatchResult<T = ToolOutcome> {
  /** Of the first calls of the batch, in order. */
  readonly outcomes: readonly T[];
  /** False where the child never came to its first call. */
  readonly started: boolean;
  readonly end: ChildEnd;
}

/**
 * Settles with the last outcome, and whoever waits for it does not wait for the end of its child, which is brought about;
 * or, where that outcome never comes, when the child is gone. Rejects only with the signal's reason. `busy` holds its
 * process id meanwhile.
 */
export async function runBatch<T>(batch: Batch<T>, busy: Set<number>): Promise<BatchResult<T>> {
  const { spare, job, count, read, wallMs, budget, signal } = batch;
  const { child, ready } = spare;
  const outcomes: T[] = [];
  const abort = () => child.kill();
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  const unborn = await ready;
  if (child.pid !== undefined) busy.add(child.pid);
  let finish = (_: ChildEnd) => {};
  const finished = new Promise<ChildEnd>((resolve) => {
    finish = resolve;
  });
  if (!unborn) {
    child.attend({
      silenceMs: () => wallMs,
      budget,
      onOutput: lineReader((line) => {
        if (outcomes.length === count) throw new Error("more outcomes than calls");
        outcomes.push(read(line, outcomes.length));
        if (outcomes.length < count) return;
        child.kill();
        finish({ kind: "exited" });
      }),
    });
    void child.send(...job).then(spare.begin);
  }
  const end = await Promise.race([finished, child.ended]);
  signal.removeEventListener("abort", abort);
  if (child.pid !== undefined) busy.delete(child.pid);
  signal.throwIfAborted();
  return { outcomes, started: unborn === undefined, end };
}

/** Throws where a line is no outcome. */
export function readOutcome(line: string, invocation: ToolInvocation, limits: SandboxLimits): ToolOutcome {
  const { kind, text, fuel } = outcomeSchema.parse(JSON.parse(line));
  if (kind === "out_of_fuel")
    return {
      kind,
      text: `tool '${invocation.program.name}' did not finish within ${limits.fuel} steps`,
      fuel,
    };
  return { kind, text: wellFormed(text), fuel };
}

/** Says what the children had to be ended for: both limits, in one order, where each met another. */
export function endedOutcome({ toolTimeoutMs, memoryMb }: SandboxLimits) {
  const limits = {
    memory: `${memoryMb} MiB of memory`,
    time: `${toolTimeoutMs} ms of processor time beside its counted steps`,
  };
  return ({ program }: ToolInvocation, exceeded: readonly Exceeded[]): ToolOutcome => {
    const passed = (["memory", "time"] as const).filter((limit) => exceeded.includes(limit));
    return {
      kind: "ended",
      text: `tool '${program.name}' took more than its ${passed.map((limit) => limits[limit]).join(" or ")}`,
      fuel: 0,
    };
  };
}

/** Half a surrogate pair is no character; UTF-8 and databases refuse it. */
const wellFormed = (text: string) => Buffer.from(text, "utf8").toString("utf8");
