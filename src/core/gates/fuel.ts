/** The reference calls leave room: a tool that needs most of its fuel fails as soon as its data or a question grows. */
import { standardFuel } from "../ports/sandbox.ts";
import { invocationOf, madeCalls } from "./calls.ts";
import { type ExecutingGate, findingOf } from "./gate.ts";

const largestShare = 0.5;

export const fuelGate: ExecutingGate = {
  kind: "executing",
  gate: "fuel",
  version: 1,
  again: false,
  plan: (subject) => {
    const calls = madeCalls(subject);
    return {
      invocations: calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
      judge: (outcomes) => {
        const hungry = calls.flatMap(({ tool, sub }, i) =>
          outcomes[i]!.fuel > largestShare * standardFuel
            ? [
                {
                  name: tool.document.name,
                  text: `${sub.id} takes ${outcomes[i]!.fuel} of ${standardFuel} steps`,
                },
              ]
            : [],
        );
        const most = Math.max(0, ...outcomes.map(({ fuel }) => fuel));
        return findingOf(
          hungry.map(({ name, text }) => `${name}: ${text}`),
          `at most ${most} of ${standardFuel} steps`,
          hungry.map(({ name }) => name),
        );
      },
    };
  },
};
