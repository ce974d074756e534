/**
 * Calls leave room, wrong ones and those of distractors as well: a tool that needs most of its fuel fails as soon as its
 * data or a question grows, and one that searches all its data does so where there is nothing to find.
 */
import { standardFuel } from "../ports/sandbox.ts";
import { invocationOf } from "./calls.ts";
import { type ExecutingGate, findingOf } from "./gate.ts";
import { triedCalls } from "./tried-calls.ts";

const largestShare = 0.5;

export const fuelGate: ExecutingGate = {
  kind: "executing",
  gate: "fuel",
  version: 3,
  again: false,
  plan: (subject) => {
    const calls = triedCalls(subject);
    return {
      invocations: calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
      judge: (outcomes) => {
        const hungry = calls.flatMap(({ tool, what }, i) =>
          outcomes[i]!.fuel > largestShare * standardFuel
            ? [
                {
                  name: tool.document.name,
                  text: `${what} takes ${outcomes[i]!.fuel} of ${standardFuel} steps`,
                },
              ]
            : [],
        );
        const most = Math.max(0, ...outcomes.map(({ fuel }) => fuel));
        return findingOf(
          [...new Set(hungry.map(({ name, text }) => `${name}: ${text}`))],
          `at most ${most} of ${standardFuel} steps`,
          hungry.map(({ name }) => name),
        );
      },
    };
  },
};
