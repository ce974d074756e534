/**
 * The reference calls solve the environment: each output holds its sub-answer, every argument that comes from an
 * earlier call stands in that call's output word for word, and the final answer follows from the outputs by code.
 */
import { composeAnswer } from "../environment/composition.ts";
import { answerMatches } from "../reward/match.ts";
import { invocationOf, madeCalls, takenBy } from "./calls.ts";
import { type ExecutingGate, findingOf, textOf } from "./gate.ts";

export const oracleGate: ExecutingGate = {
  kind: "executing",
  gate: "oracle",
  version: 1,
  again: false,
  plan: (subject) => {
    const { composition, answer } = subject.environment;
    const calls = madeCalls(subject);
    return {
      invocations: calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
      judge: (outcomes) => {
        const outputs = Object.fromEntries(calls.map(({ sub }, i) => [sub.id, textOf(outcomes[i]!)]));
        const faults = calls.flatMap(({ sub, reference }, i) => {
          const solved = answerMatches(sub.answer, outputs[sub.id]!);
          const taken = takenBy(reference);
          const missing = taken.filter((id) => !wordForWord(calls, id, outputs[id] ?? ""));
          return [
            ...(solved
              ? []
              : [`${sub.id} gives '${outcomes[i]!.text.slice(0, 60)}' and not '${sub.answer}'`]),
            ...missing.map((id) => `${sub.id} takes from ${id} what its output does not say`),
          ];
        });
        const found = Object.fromEntries(
          calls
            .filter(({ sub }) => wordForWord(calls, sub.id, outputs[sub.id]!))
            .map(({ sub }) => [sub.id, sub.answer]),
        );
        const composed = composeAnswer(composition, found);
        if (composed !== answer)
          faults.push(`the outputs compose to '${composed ?? "nothing"}' and not '${answer}'`);
        return findingOf(
          faults,
          `${calls.length} reference calls solve every sub-question; '${answer}' recomputed`,
        );
      },
    };
  },
};

function wordForWord(calls: ReturnType<typeof madeCalls>, id: string, output: string): boolean {
  const pieces = calls.find(({ sub }) => sub.id === id)?.sub.answer.split(", ") ?? [];
  return pieces.length > 0 && pieces.every((piece) => output.includes(piece));
}
