/**
 * What does not deserve an answer gets none: a silent agent, garbage, the arguments of another sub-question, and a wrong
 * but plausible path.
 */
import { environmentHash, unsolvedSet } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import { seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { garbageArguments, namesIn, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall, madeCalls, namesOf } from "./calls.ts";
import { type Case, type ExecutingGate, findingOf, type Probe, textOf, trialOf } from "./gate.ts";
import { keyOf, type TableFacts, tableFacts } from "./table-facts.ts";
import { wrongPath } from "./wrong-path.ts";

/** Garbage calls for each tool that owns a sub-answer. */
const garbageCalls = 3;
/** From other names each. */
const wrongPaths = 3;

export const negativeGate: ExecutingGate = {
  kind: "executing",
  gate: "negative",
  version: 3,
  again: false,
  plan: (subject) => {
    const calls = madeCalls(subject);
    const probes = [
      ...garbageProbes(subject),
      ...swappedProbes(subject, calls),
      ...wrongPathProbes(subject, calls),
    ];
    const silent = calls
      .filter(({ sub }) => answerMatches(sub.answer, ""))
      .map(({ sub }) => `${sub.id} is solved by silence`);
    const trial = trialOf(
      probes,
      `${probes.length} calls with garbage, another's arguments or on a wrong path solve nothing`,
    );
    return silent.length > 0 ? { ...trial, judge: () => findingOf(silent, "") } : trial;
  },
};

/** Also of tools that no reference call is known of: an imported environment has none. */
function garbageProbes(subject: Case): Probe[] {
  const { environment } = subject;
  const random = seededRandom(seedOf("garbage", environmentHash(environment)));
  return Object.entries(unsolvedSet(environment)).flatMap(([name, owned]) => {
    const tool = environment.tools.find(({ document }) => document.name === name)!;
    return Array.from({ length: garbageCalls }, () =>
      probe(subject, tool, garbageArguments(tool.document.parameters, random), owned),
    );
  });
}

/** Each call with the names of the others in the place of its own, but for those of which the same is true. */
function swappedProbes(subject: Case, calls: readonly MadeCall[]): Probe[] {
  const names = namesOf(calls);
  return calls.flatMap((call) => {
    const { sub, tool, given } = call;
    const facts = tableFacts(subject, call);
    const others = names.filter((name) => typeof facts !== "object" || !isTrueOf(facts, call, name));
    return namesIn(given, tool.document.parameters).flatMap(({ path, value }) =>
      others
        .filter((name) => name !== value)
        .map((name) => probe(subject, tool, withLeaf(given, path, name), [sub.answer])),
    );
  });
}

function wrongPathProbes(subject: Case, calls: readonly MadeCall[]): Probe[] {
  const random = seededRandom(seedOf("wrong path", environmentHash(subject.environment)));
  return Array.from({ length: wrongPaths }, () => wrongPath(subject, calls, random))
    .flat()
    .map(({ call: { tool, sub }, given }) => probe(subject, tool, given, [sub.answer]));
}

/** Whether the table gives the call's own answer for another name: Mexico's main language is Cuba's as well. */
function isTrueOf({ table, field }: TableFacts, { sub }: MadeCall, name: string): boolean {
  const key = keyOf(table, name);
  return key !== undefined && answerMatches(sub.answer, String(table.rows[key]![field] ?? ""));
}

const probe = (
  subject: Case,
  tool: MadeCall["tool"],
  given: MadeCall["given"],
  answers: readonly string[],
): Probe => ({
  tool: tool.document.name,
  invocation: invocationOf(tool, given, subject),
  fault: (outcome) => {
    const solved = answers.find((answer) => answerMatches(answer, textOf(outcome)));
    return solved === undefined ? undefined : `${JSON.stringify(given)} gives '${solved}'`;
  },
});
