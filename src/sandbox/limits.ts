/** What one tool call may use, and who enforces it. */
import { standardFuel } from "../core/ports/sandbox.ts";

export interface SandboxLimits {
  /**
   * The interpreter's memory, MiB. Past it an allocation fails inside (the tool's own error); should that not hold, the
   * child is killed from outside when it exceeds this and its host's own share.
   */
  readonly memoryMb: number;
  /**
   * Wall-clock time of one call, ms, after which the child is killed. It tells a machine in trouble or a native loop
   * that no fuel counts; set it well above what `fuel` steps take.
   */
  readonly wallMs: number;
  /** Counted steps of one call: QuickJS's loop back-edges and calls, Python's line events and jumps. */
  readonly fuel: number;
}

/** The standard fuel is ample for tools over small tables. */
export const defaultSandboxLimits: SandboxLimits = { memoryMb: 256, wallMs: 30_000, fuel: standardFuel };

/** Longest text of an outcome, in characters; what is cut off is counted at the end of the text. */
export const longestText = 65_536;
