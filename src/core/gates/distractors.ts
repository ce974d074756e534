/**
 * No distractor gives a sub-answer or the final answer, whatever it is asked about the question's entities; nor does a tool
 * that owns a sub-answer give another's, for who asks it finds what is asked for and is told that it did not.
 */
import { composedOf } from "../environment/composition.ts";
import { answersOf, type Environment, environmentHash, type Tool } from "../environment/environment.ts";
import { tableOf } from "../environment/program.ts";
import { seedOf } from "../hash.ts";
import type { JsonObject } from "../json.ts";
import { seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { leavesOf, plausibleArguments } from "./arguments.ts";
import { chainOf, invocationOf, type MadeCall, madeCalls, namesOf } from "./calls.ts";
import { keyOf, type Table, tableFault } from "./data-table.ts";
import { type Case, type ExecutingGate, type Probe, textOf, trialOf } from "./gate.ts";
import { givenAwayIn } from "./given-away.ts";

/** Calls per tool: every field of a general tool for every row that a large environment names, and some more. */
const mostCalls = 120;
/** Combinations to choose them from. */
const mostCombinations = 2_000;

export const distractorsGate: ExecutingGate = {
  kind: "executing",
  gate: "distractors",
  version: 9,
  again: false,
  plan: (subject) => {
    const { environment } = subject;
    const calls = madeCalls(subject);
    const names = [...new Set([...namesOf(calls), ...environment.subQuestions.map(({ answer }) => answer)])];
    const passed = [
      ...new Set(calls.flatMap(({ given }) => leavesOf(given).map(({ value }) => value))),
    ].filter((value) => typeof value === "number");
    const numbers = [...new Set([...passed, ...resultsOf(environment)])];
    const answers = answersOf(environment);
    const probes = environment.tools
      .filter(({ distractor }) => distractor)
      .flatMap((tool) =>
        callsOf(subject, tool, names, numbers).map(
          (given): Probe => ({
            tool: tool.document.name,
            invocation: invocationOf(tool, given, subject),
            fault: ({ kind, text }) => {
              // An error gives an answer to who reads it, and may hold a short one by chance.
              const isGiven =
                kind === "returned" ? (answer: string) => answerMatches(answer, text) : givenAwayIn(text);
              const found = answers.find((answer) => !saysBack(answer, given, passed) && isGiven(answer));
              return found === undefined ? undefined : `${JSON.stringify(given)} gives '${found}'`;
            },
          }),
        ),
      );
    const others = ownerProbes(subject, names, numbers, answers);
    return trialOf(
      [...probes, ...others],
      `${probes.length} calls of distractors give no answer, ${others.length} of other tools none but their own`,
    );
  },
};

/**
 * Look-ups that give what another tool owns, as a column of the row that two hops lead to. What is passed, what a name was
 * found out from, and what stands in an answer of the tool's own, is not given away; what calculates is asked for its
 * results elsewhere.
 */
function ownerProbes(
  subject: Case,
  names: readonly string[],
  numbers: readonly number[],
  answers: readonly string[],
): Probe[] {
  const { subQuestions, tools } = subject.environment;
  const calls = madeCalls(subject);
  return tools
    .filter(({ distractor, table }) => !distractor && table !== undefined)
    .flatMap((tool) => {
      const { name } = tool.document;
      const own = subQuestions.filter((sub) => sub.tool === name).map(({ answer }) => answer);
      const foreign = answers.filter((answer) => !own.some((said) => answerMatches(answer, said)));
      if (foreign.length === 0) return [];
      return callsOf(subject, tool, names, numbers, (one) => [one]).map((given): Probe => {
        const known = knownTo(calls, given);
        const others = foreign.filter((answer) => !known.some((one) => answerMatches(answer, one)));
        return {
          tool: name,
          invocation: invocationOf(tool, given, subject),
          fault: (outcome) => {
            const found = others.find((answer) => answerMatches(answer, textOf(outcome)));
            return found === undefined
              ? undefined
              : `${JSON.stringify(given)} gives '${found}', which is another tool's to give`;
          },
        };
      });
    });
}

/** Everything passed, and the sub-answers that what was passed was found out from. */
function knownTo(calls: readonly MadeCall[], given: JsonObject): string[] {
  const passed = leavesOf(given).map(({ value }) => String(value));
  const found = calls.filter(({ sub }) => passed.includes(sub.answer));
  return [...passed, ...found.flatMap(({ sub }) => chainOf(calls, sub.id)).map(({ sub }) => sub.answer)];
}

/** Numbers that the final answer is made of, which no call has to take. */
function resultsOf({ subQuestions, composition }: Environment): number[] {
  if (composition.kind === "date_after") return [composition.days];
  if (composition.kind === "answer" || composition.kind === "list") return [];
  const composed = composedOf(composition);
  return subQuestions
    .filter(({ id, answerType }) => answerType === "number" && composed.includes(id))
    .map(({ answer }) => Number(answer));
}

/** Whether a number that only this gate passes on is the answer: to get it back is to learn nothing. */
const saysBack = (answer: string, given: JsonObject, passed: readonly number[]): boolean =>
  leavesOf(given).some(
    ({ value }) => typeof value === "number" && !passed.includes(value) && String(value) === answer,
  );

/** Ways to ask for a row: as it is asked for elsewhere, by its key, loudly among blanks, and by another of its names. */
function spellingsOf(name: string, row: string | undefined, table: Table | undefined): string[] {
  if (row === undefined || table === undefined) return [];
  const aliases = Object.keys(table.aliases).filter((alias) => table.aliases[alias] === row);
  return [...new Set([name, row, ` ${name.toUpperCase()} `, ...aliases.slice(0, 1)])];
}

/** Those about rows of its table first, for it cannot tell much of others; of each kind in a seeded order. */
function callsOf(
  { environment, tables }: Case,
  tool: Tool,
  names: readonly string[],
  numbers: readonly number[],
  spell = spellingsOf,
): JsonObject[] {
  const { name, parameters } = tool.document;
  const random = seededRandom(seedOf("distractor", environmentHash(environment), name));
  const data = tableOf(tool, tables);
  const rows = data !== undefined && tableFault(data) === undefined ? (data as unknown as Table) : undefined;
  const rowOf = (one: string) => (rows === undefined ? undefined : keyOf(rows, one));
  const [known, unknown] = [
    names.flatMap((one) => (rowOf(one) === undefined ? [] : spell(one, rowOf(one), rows))),
    names.filter((one) => rowOf(one) === undefined),
  ];
  return [known, unknown]
    .flatMap((some) => random.shuffle(plausibleArguments(parameters, some, numbers, mostCombinations)))
    .slice(0, mostCalls);
}
