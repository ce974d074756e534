/** The reference calls give the same outputs in another process. */
import { invocationOf, madeCalls } from "./calls.ts";
import { type ExecutingGate, findingOf } from "./gate.ts";

export const determinismGate: ExecutingGate = {
  kind: "executing",
  gate: "determinism",
  version: 1,
  again: true,
  plan: (subject) => {
    const calls = madeCalls(subject);
    return {
      invocations: calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
      judge: (outcomes) => {
        const changed = calls.filter((_, i) => {
          const [first, second] = [outcomes[i]!, outcomes[calls.length + i]!];
          return first.kind !== second.kind || first.text !== second.text;
        });
        return findingOf(
          changed.map(
            ({ tool, sub }) => `${tool.document.name}: ${sub.id} gives another output when it is asked again`,
          ),
          `${calls.length} calls give the same output twice`,
        );
      },
    };
  },
};
