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
   * Processor time of one call beside its counted steps, ms: native loops and the like, which count no step.
   * Processor time and not the clock, so that a busy machine decides nothing.
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

/**
 * Processor time that reading a table may take, ms a MiB: three times what it took QuickJS, and five times what it took
 * Pyodide, for 12,000 nested rows of 1.4 MiB (0.23 and 0.16 s more than for an empty table).
 */
const readingMs = 500;

/** Processor time that a counted step may take, ms: four times what it takes here, twice in Python. */
const stepMs = { javascript: 0.5e-3, python: 2e-3 } as const;

/** Time that the steps may take which a child tells of at once, ms: more often would be as often as it is looked at. */
const portionMs = 50;

/** 100,000 in JavaScript, 25,000 in Python: most calls tell of none. */
export const stepsPerPortion = (runtime: ToolProgram["runtime"]) => portionMs / stepMs[runtime];

/** What a child may use for one call: time to read what it was given, and room to hold it some times over. */
export function budgetOf(
  runtime: ToolProgram["runtime"],
  limits: SandboxLimits,
  job: readonly Uint8Array[],
): Budget {
  const givenMb = job.reduce((sum, frame) => sum + frame.length, 0) / 2 ** 20;
  const largestMb = Math.max(0, ...job.map((frame) => frame.length)) / 2 ** 20;
  return {
    // Reading its table counts no steps, and of those that are counted the last portion is not told yet.
    uncountedMs: limits.toolTimeoutMs + Math.ceil(readingMs * largestMb) + portionMs,
    portions: { ms: portionMs, most: Math.floor(limits.fuel / stepsPerPortion(runtime)) },
    growthMb: limits.memoryMb + hostMb + Math.ceil(copiesGiven * givenMb),
  };
}

export const longestText = 65_536;
