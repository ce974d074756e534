/** What one tool call may use, and who enforces it. */
import { standardFuel, type ToolProgram } from "../core/ports/sandbox.ts";
import type { Budget } from "./child.ts";

export interface SandboxLimits {
  /**
   * The interpreter's memory, MiB. Past it an allocation fails inside (the tool's own error); should that not hold, the
   * child is ended from outside when it has grown by this and `hostMb` since it was idle.
   */
  readonly memoryMb: number;
  /**
   * Processor time of one call, ms, beside the time that its counted steps may take: native loops and the like, which
   * count no step. Processor time and not the clock, so that a busy machine decides nothing.
   */
  readonly toolTimeoutMs: number;
  /** Wall-clock time of one call, ms, after which the machine is in trouble: it is never the tool's fault. */
  readonly wallMs: number;
  /** Counted steps of one call: QuickJS's loop back-edges and calls, Python's line events and jumps. */
  readonly fuel: number;
  /** Longest text of an outcome, in characters; what is cut off is counted at the end of the text. 65,536 by default. */
  readonly longestText?: number;
}

/** The standard fuel is ample for tools over small tables; memory is that of a child 256 MiB above an idle one. */
export const defaultSandboxLimits: SandboxLimits = {
  memoryMb: 192,
  toolTimeoutMs: 1_000,
  wallMs: 60_000,
  fuel: standardFuel,
};

/** Growth of a child's host beside its interpreter, MiB: images of memory, texts, Node's own heap. */
const hostMb = 64;

/** A text as bytes, as a string, as values, and once to spare. */
const copiesGiven = 8;

/** Processor time that a counted step may take, ms: four times what it takes here, twice in Python. */
const stepMs = { javascript: 0.5e-3, python: 2e-3 } as const;

/** What a child may use for one call; what it was given to read, it may hold some times over. */
export function budgetOf(
  runtime: ToolProgram["runtime"],
  limits: SandboxLimits,
  job: readonly Uint8Array[],
): Budget {
  const givenMb = job.reduce((sum, frame) => sum + frame.length, 0) / 2 ** 20;
  return {
    processorMs: limits.toolTimeoutMs + limits.fuel * stepMs[runtime],
    growthMb: limits.memoryMb + hostMb + Math.ceil(copiesGiven * givenMb),
  };
}

export const longestText = 65_536;
