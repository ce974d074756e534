/**
 * Runs gates over a batch: static ones first, then the calls of all executing gates of all environments that passed
 * them, in one sandbox run (and a second one, with another clock and other chance, for calls that are wanted again). Equal
 * calls are made once.
 */
import type { GateVerdict } from "../environment/environment.ts";
import { canonicalJson, type Json } from "../json.ts";
import type { Sandbox, ToolInvocation, ToolOutcome, ToolProgram } from "../ports/sandbox.ts";
import type { Case, ExecutingGate, Finding, Gate, StaticGate } from "./gate.ts";

export interface Judged {
  readonly verdicts: readonly GateVerdict[];
  /** The first gate that failed and what it found; absent where all passed. */
  readonly failure?: { readonly gate: string; readonly finding: Finding };
}

/** In the order of `cases`. Executing gates are left out for environments that a static one refuses. */
export async function runGates(
  cases: readonly Case[],
  gates: readonly Gate[],
  sandbox: Sandbox,
): Promise<Judged[]> {
  const still = gates.filter((gate): gate is StaticGate => gate.kind === "static");
  const executing = gates.filter((gate): gate is ExecutingGate => gate.kind === "executing");
  const looked = cases.map((subject) => judgedBy(still.map((gate) => [gate, gate.judge(subject)])));
  const ledger = createCallLedger();
  const trials = cases.map((subject, i) =>
    looked[i]!.failure
      ? []
      : executing.map((gate) => {
          const trial = gate.plan(subject);
          return { gate, trial, slots: trial.invocations.map((call) => ledger.slotOf(call, gate.again)) };
        }),
  );
  const { first, second } = await ledger.run(sandbox);
  return looked.map((before, i) => {
    const found = trials[i]!.map(({ gate, trial, slots }): [Gate, Finding] => {
      const outcomes = slots.map((slot) => first[slot]!);
      return [
        gate,
        trial.judge(gate.again ? [...outcomes, ...slots.map((slot) => second.get(slot)!)] : outcomes),
      ];
    });
    const ran = judgedBy(found);
    return { ...before, ...ran, verdicts: [...before.verdicts, ...ran.verdicts] };
  });
}

function judgedBy(found: readonly (readonly [Gate, Finding])[]): Judged {
  const failed = found.find(([, finding]) => finding.verdict === "fail");
  return {
    verdicts: found.map(([{ gate, version }, { verdict, evidence }]) => ({
      gate,
      version,
      verdict,
      evidence,
    })),
    ...(failed ? { failure: { gate: failed[0].gate, finding: failed[1] } } : {}),
  };
}

/** Calls to make, each once. Programs are kept by identity, so that the sandbox sends each of them once as well. */
function createCallLedger() {
  const calls: ToolInvocation[] = [];
  const slots = new Map<string, number>();
  const programs = new Map<string, { readonly id: number; readonly program: ToolProgram }>();
  const tables = new Map<Json, number>();
  const wantedAgain = new Set<number>();

  const internProgram = (program: ToolProgram) => {
    const { table } = program;
    if (table !== undefined && !tables.has(table)) tables.set(table, tables.size);
    const key = `${table === undefined ? "" : tables.get(table)}\n${program.code}`;
    const known = programs.get(key) ?? { id: programs.size, program };
    programs.set(key, known);
    return known;
  };

  return {
    slotOf(call: ToolInvocation, again: boolean): number {
      const { id, program } = internProgram(call.program);
      const key = `${id}\n${canonicalJson(call.arguments)}`;
      let slot = slots.get(key);
      if (slot === undefined) {
        slot = calls.length;
        slots.set(key, slot);
        calls.push({ program, arguments: call.arguments });
      }
      if (again) wantedAgain.add(slot);
      return slot;
    },
    async run(sandbox: Sandbox) {
      const again = [...wantedAgain];
      const first = calls.length > 0 ? await sandbox.run(calls) : [];
      const repeated =
        again.length > 0
          ? await sandbox.run(
              again.map((slot) => calls[slot]!),
              undefined,
              "other",
            )
          : [];
      const second = new Map<number, ToolOutcome>(again.map((slot, i) => [slot, repeated[i]!]));
      return { first, second };
    },
  };
}
