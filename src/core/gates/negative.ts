/**
 * What does not deserve an answer gets none: a silent agent, garbage, the arguments of another sub-question, and a wrong
 * but plausible path.
 */
import { environmentHash, unsolvedSet } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import type { JsonObject } from "../json.ts";
import { seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { garbageArguments, namesIn, withLeaf } from "./arguments.ts";
import { chainOf, invocationOf, type MadeCall, madeCalls, namesOf } from "./calls.ts";
import { type Case, type ExecutingGate, findingOf, type Probe, textOf, trialOf } from "./gate.ts";
import { rowAsked, saysSame, type TableFacts, tableFacts } from "./table-facts.ts";
import { wrongPath } from "./wrong-path.ts";

/** Garbage calls for each tool that owns a sub-answer. */
const garbageCalls = 3;
/** From other names each. */
const wrongPaths = 3;

export const negativeGate: ExecutingGate = {
  kind: "executing",
  gate: "negative",
  version: 7,
  again: false,
  plan: (subject) => {
    const calls = madeCalls(subject);
    const probes = [
      ...garbageProbes(subject, calls),
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

/**
 * Also of tools that no reference call is known of: an imported environment has none. Where a key is a number or a choice,
 * garbage may happen to ask for the row itself, or for one of which the same is true.
 */
function garbageProbes(subject: Case, calls: readonly MadeCall[]): Probe[] {
  const { environment } = subject;
  const random = seededRandom(seedOf("garbage", environmentHash(environment)));
  return Object.entries(unsolvedSet(environment)).flatMap(([name, owned]) => {
    const tool = environment.tools.find(({ document }) => document.name === name);
    if (!tool) return [];
    const known = calls.flatMap((call) => {
      const facts = call.tool === tool ? tableFacts(subject, call) : undefined;
      return typeof facts === "object" ? [facts] : [];
    });
    return Array.from({ length: garbageCalls }, () => garbageArguments(tool.document.parameters, random))
      .filter((given) => !known.some((facts) => isTrueOf(facts, given)))
      .map((given) => probe(subject, tool, given, owned));
  });
}

/**
 * Each call with the names of the others in the place of its own, but for those of which the same is true. Another name of
 * its own row is no excuse where the plan finds that row out from it: who passes it on needs no hop in between.
 */
function swappedProbes(subject: Case, calls: readonly MadeCall[]): Probe[] {
  const names = namesOf(calls);
  return calls.flatMap((call) => {
    const { sub, tool, given } = call;
    const facts = tableFacts(subject, call);
    const sources = new Set(namesOf(chainOf(calls, sub.id).slice(1)));
    const isExcused = (name: string, swapped: JsonObject) =>
      typeof facts === "object" &&
      isTrueOf(facts, swapped) &&
      !(sources.has(name) && rowAsked(facts, swapped) === facts.own);
    return namesIn(given, tool.document.parameters).flatMap(({ path, value }) =>
      names
        .filter((name) => name !== value)
        .map((name) => ({ name, swapped: withLeaf(given, path, name) }))
        .filter(({ name, swapped }) => !isExcused(name, swapped))
        .map(({ swapped }) => probe(subject, tool, swapped, [sub.answer])),
    );
  });
}

function wrongPathProbes(subject: Case, calls: readonly MadeCall[]): Probe[] {
  const random = seededRandom(seedOf("wrong path", environmentHash(subject.environment)));
  return Array.from({ length: wrongPaths }, () => wrongPath(subject, calls, random))
    .flat()
    .map(({ call: { tool, sub }, given }) => probe(subject, tool, given, [sub.answer]));
}

/** Whether the table says the call's own answer for other arguments: Mexico's main language is Cuba's as well. */
function isTrueOf(facts: TableFacts, given: JsonObject): boolean {
  const row = rowAsked(facts, given);
  return row !== undefined && saysSame(facts, row);
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
