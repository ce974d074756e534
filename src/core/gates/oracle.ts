/**
 * The reference calls solve the environment: each output holds its sub-answer in whole words, every argument that comes
 * from an earlier call stands in that call's output word for word, those and whatever has to be given make a difference,
 * and the final answer follows from the outputs by code.
 */
import { composeAnswer } from "../environment/composition.ts";
import { invocationOf, madeCalls, takenBy } from "./calls.ts";
import { type ExecutingGate, findingOf, textOf } from "./gate.ts";
import { isIdle, neededArguments } from "./needed-arguments.ts";
import { saysWhole } from "./whole-answer.ts";

export const oracleGate: ExecutingGate = {
  kind: "executing",
  gate: "oracle",
  version: 4,
  again: false,
  plan: (subject) => {
    const { composition, answer } = subject.environment;
    const calls = madeCalls(subject);
    const needed = neededArguments(subject, calls);
    return {
      invocations: [
        ...calls.map(({ tool, given }) => invocationOf(tool, given, subject)),
        ...needed.flatMap(({ others }) => others),
      ],
      judge: (outcomes) => {
        const outputs = Object.fromEntries(calls.map(({ sub }, i) => [sub.id, textOf(outcomes[i]!)]));
        const faults = calls.flatMap(({ sub, reference }, i) => {
          const solved = saysWhole(sub.answer, outputs[sub.id]!);
          const missing = takenBy(reference).filter((id) => !wordForWord(calls, id, outputs[id] ?? ""));
          return [
            ...(solved
              ? []
              : [`${sub.id} gives '${outcomes[i]!.text.slice(0, 60)}' and not '${sub.answer}'`]),
            ...missing.map((id) => `${sub.id} takes from ${id} what its output does not say`),
          ];
        });
        let at = calls.length;
        for (const { call, path, source, others } of needed) {
          const own = outcomes[calls.indexOf(call)]!;
          if (isIdle(call.sub.answer, own, outcomes.slice(at, at + others.length)))
            faults.push(
              source === undefined
                ? `${call.sub.id} says the same whatever its ${path.join(".")} is, and must not ask for it`
                : `${call.sub.id} says the same whatever it takes from ${source}, and need not wait for it`,
            );
          at += others.length;
        }
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
  const sub = calls.find((call) => call.sub.id === id)?.sub;
  // A number is the same in groups of three digits.
  const said = sub?.answerType === "number" ? output.replace(/(?<=\d),(?=\d{3})/g, "") : output;
  return sub?.answer.split(", ").every((piece) => said.includes(piece)) ?? false;
}
