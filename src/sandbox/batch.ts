/**
 * A batch of calls in one child: outcomes arrive one line each, in order, so that when the child ends early it is known
 * which calls are done and which one it was at.
 */
import { z } from "zod";
import type { Json } from "../core/json.ts";
import type { ToolInvocation, ToolOutcome, ToolProgram } from "../core/ports/sandbox.ts";
import { type ChildEnd, runChild } from "./child.ts";
import { javascriptInterpreter, pythonInterpreter } from "./interpreters.ts";
import type { Isolation } from "./isolation.ts";
import { longestText, type SandboxLimits } from "./limits.ts";

/** A child that is given no processor for so long is a machine in trouble. */
const startMs = 60_000;
/** Longest line a child may send: an outcome's text, every character escaped. */
const longestLine = 16 * longestText;

const readySchema = z.strictObject({ ready: z.literal(true) });
const outcomeSchema = z.strictObject({
  kind: z.enum(["returned", "raised", "out_of_fuel"]),
  text: z.string(),
  fuel: z.number().int().nonnegative(),
});

export interface Batch {
  readonly runtime: ToolProgram["runtime"];
  readonly invocations: readonly ToolInvocation[];
  /** Python only. */
  readonly snapshot?: Uint8Array;
  readonly signal: AbortSignal;
}

export interface BatchResult {
  /** Of the first calls of the batch, in order. */
  readonly outcomes: readonly ToolOutcome[];
  /** False where the child never came to its first call. */
  readonly started: boolean;
  readonly end: ChildEnd;
}

export async function runBatch(
  batch: Batch,
  limits: SandboxLimits,
  isolation: Isolation,
  pids: Set<number>,
): Promise<BatchResult> {
  const { runtime, invocations, snapshot, signal } = batch;
  const outcomes: ToolOutcome[] = [];
  let started = false;
  let pending = "";
  const take = (line: string) => {
    if (started) outcomes.push(readOutcome(line, invocations[outcomes.length], limits));
    else started = readySchema.parse(JSON.parse(line)).ready;
  };
  const decoder = new TextDecoder();
  const end = await runChild(
    {
      script: runtime === "python" ? "python.mjs" : "javascript.mjs",
      readable: (runtime === "python" ? pythonInterpreter : javascriptInterpreter).readable,
      input: [`${JSON.stringify(jobOf(batch, limits))}\n`, ...(snapshot ? [snapshot] : [])],
      memoryMb: limits.memoryMb,
      silenceMs: () => (started ? limits.wallMs : startMs),
      onOutput: (chunk) => {
        const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
        pending = lines.pop()!;
        if (pending.length > longestLine) throw new Error(`a line of more than ${longestLine} characters`);
        for (const line of lines) take(line);
      },
      signal,
    },
    isolation,
    pids,
  );
  return { outcomes, started, end };
}

/** Throws where a line is no outcome or there is no call it could be of. */
function readOutcome(
  line: string,
  invocation: ToolInvocation | undefined,
  limits: SandboxLimits,
): ToolOutcome {
  if (!invocation) throw new Error("more outcomes than calls");
  const { kind, text, fuel } = outcomeSchema.parse(JSON.parse(line));
  if (kind === "out_of_fuel")
    return {
      kind,
      text: `tool '${invocation.program.name}' did not finish within ${limits.fuel} steps`,
      fuel,
    };
  return { kind, text: wellFormed(text), fuel };
}

/** Half a surrogate pair is no character; UTF-8 and databases refuse it. */
const wellFormed = (text: string) => Buffer.from(text, "utf8").toString("utf8");

/** Programs and tables that several calls share travel once. */
function jobOf({ runtime, invocations }: Batch, limits: SandboxLimits) {
  const programs = new Map<ToolProgram, number>();
  const tables = new Map<Json, number>();
  for (const { program } of invocations) {
    if (!programs.has(program)) programs.set(program, programs.size);
    if (program.table !== undefined && !tables.has(program.table)) tables.set(program.table, tables.size);
  }
  return {
    ...(runtime === "python"
      ? { pyodide: pythonInterpreter.pyodide }
      : { quickjs: javascriptInterpreter.quickjs }),
    fuel: limits.fuel,
    memoryBytes: limits.memoryMb * 1024 * 1024,
    longestText,
    tables: [...tables.keys()].map((table) => JSON.stringify(table)),
    programs: [...programs.keys()].map(({ name, code, table }) => ({
      name,
      code,
      ...(table === undefined ? {} : { table: tables.get(table)! }),
    })),
    calls: invocations.map(({ program, arguments: given, argumentsText }) => ({
      program: programs.get(program)!,
      arguments: argumentsText ?? JSON.stringify(given),
    })),
  };
}
