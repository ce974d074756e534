/**
 * The reference calls, a call without arguments of each tool and every wrong call give the same outputs and errors in
 * another process, where clock and chance are others: what code does, whatever the static gate read in it.
 */
import { invocationOf } from "./calls.ts";
import { type ExecutingGate, findingOf } from "./gate.ts";
import { triedCalls } from "./tried-calls.ts";

export const determinismGate: ExecutingGate = {
  kind: "executing",
  gate: "determinism",
  version: 8,
  again: true,
  plan: (subject) => {
    const calls = triedCalls(subject);
    return {
      invocations: calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
      judge: (outcomes) => {
        const changed = calls.filter((_, i) => {
          const [first, second] = [outcomes[i]!, outcomes[calls.length + i]!];
          return first.kind !== second.kind || first.text !== second.text;
        });
        return findingOf(
          changed.map(
            ({ tool, what }) => `${tool.document.name}: ${what} gives another output when it is asked again`,
          ),
          `${calls.length} calls give the same output twice`,
        );
      },
    };
  },
};
