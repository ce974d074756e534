/** Runs tool code nobody trusts. What a tool does is an outcome; what the machinery does wrong is a SandboxFailure. */
import type { Json, JsonObject } from "../json.ts";

/** Counted steps that one call may take where nothing else is set: about 0.1 s in QuickJS, 1 s in Pyodide. */
export const standardFuel = 1_000_000;

export interface ToolProgram {
  readonly name: string;
  readonly runtime: "javascript" | "python";
  readonly code: string;
  /**
   * The tool's data: the second argument in JavaScript; in Python the first, its objects read-only mappings and its lists
   * tuples. Absent for tools that only compute.
   */
  readonly table?: Json;
}

export interface ToolInvocation {
  readonly program: ToolProgram;
  readonly arguments: JsonObject;
  /**
   * The arguments' own JSON text, where they were read from text: Python tools then see what a JavaScript number loses
   * (1.0 against 1, integers beyond 2^53). `arguments` as JSON where absent.
   */
  readonly argumentsText?: string;
}

export type ToolOutcome =
  /** `text` is what the policy sees: a string as it is, anything else as JSON (JavaScript) or `str()` (Python). */
  | { readonly kind: "returned"; readonly text: string; readonly fuel: number }
  /** The tool's own error; `text` is its message and is shown to the policy. */
  | { readonly kind: "raised"; readonly text: string; readonly fuel: number }
  /** Used more counted fuel than allowed: deterministic, so it is the tool's fault and is shown to the policy. */
  | { readonly kind: "out_of_fuel"; readonly text: string; readonly fuel: number }
  /** Ended from outside: it took more processor time or memory than allowed, in two fresh children alike. */
  | { readonly kind: "ended"; readonly text: string; readonly fuel: 0 };

/** What a tool would see of clock and chance: the usual, or others, which change nothing for one that computes. */
export type Surroundings = "usual" | "other";

export interface Sandbox {
  /** In order, each in fresh interpreter state: no invocation sees another. Throws SandboxFailure, never a tool error. */
  run(
    invocations: readonly ToolInvocation[],
    signal?: AbortSignal,
    surroundings?: Surroundings,
  ): Promise<ToolOutcome[]>;
  close(): Promise<void>;
}
