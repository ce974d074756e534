/** No distractor gives a sub-answer or the final answer, whatever it is asked about the question's entities. */
import { answerMatches } from "../reward/match.ts";
import { leavesOf, plausibleArguments } from "./arguments.ts";
import { invocationOf, madeCalls, namesOf } from "./calls.ts";
import { type ExecutingGate, type Probe, textOf, trialOf } from "./gate.ts";

/** Calls per distractor: every field of a general tool for every name of a large environment. */
const mostCalls = 80;

export const distractorsGate: ExecutingGate = {
  kind: "executing",
  gate: "distractors",
  version: 1,
  again: false,
  plan: (subject) => {
    const { environment } = subject;
    const calls = madeCalls(subject);
    const names = [...new Set([...namesOf(calls), ...environment.subQuestions.map(({ answer }) => answer)])];
    const numbers = [
      ...new Set(calls.flatMap(({ given }) => leavesOf(given).map(({ value }) => value))),
    ].filter((value) => typeof value === "number");
    const answers = [
      ...new Set([...environment.subQuestions.map(({ answer }) => answer), environment.answer]),
    ];
    const probes = environment.tools
      .filter(({ distractor }) => distractor)
      .flatMap((tool) =>
        plausibleArguments(tool.document.parameters, names, numbers, mostCalls).map(
          (given): Probe => ({
            tool: tool.document.name,
            invocation: invocationOf(tool, given, subject),
            fault: (outcome) => {
              const found = answers.find((answer) => answerMatches(answer, textOf(outcome)));
              return found === undefined ? undefined : `${JSON.stringify(given)} gives '${found}'`;
            },
          }),
        ),
      );
    return trialOf(probes, `${probes.length} calls of distractors give no answer`);
  },
};
