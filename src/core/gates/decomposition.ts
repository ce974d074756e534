/**
 * The sub-questions form a DAG that says no more and no less than the reference calls need: acyclic and in order, each
 * dependency used, no sequence forced, nothing superfluous, atomic, and of the shape that the scenario type names.
 */
import { composedOf, isCalculated } from "../environment/composition.ts";
import type { Environment } from "../environment/environment.ts";
import { scenarioOf } from "../environment/scenario.ts";
import { canonicalJson, type Json, type JsonObject } from "../json.ts";
import { leavesOf, withLeaf } from "./arguments.ts";
import { type MadeCall, madeCalls, takenBy } from "./calls.ts";
import { type Cell, cellsOf, exactWordings } from "./data-table.ts";
import { type Case, findingOf, type StaticGate } from "./gate.ts";
import { tableFacts } from "./table-facts.ts";

export const decompositionGate: StaticGate = {
  kind: "static",
  gate: "decomposition",
  version: 5,
  judge: (subject) => {
    const { environment } = subject;
    const faults = [
      ...orderFaults(environment),
      ...callFaults(environment),
      ...useFaults(environment),
      ...repeatFaults(subject),
      ...atomFaults(subject),
      ...ownerFaults(environment),
    ];
    const shape = scenarioOf(environment.subQuestions);
    if (shape !== environment.scenario)
      faults.push(`is ${environment.scenario} by name and ${shape} by shape`);
    return findingOf(faults, `${environment.subQuestions.length} sub-questions, ${shape}`);
  },
};

/** What comes before cannot depend on what comes after, so order excludes cycles. */
function orderFaults({ subQuestions }: Environment): string[] {
  const before = new Set<string>();
  return subQuestions.flatMap(({ id, dependsOn }) => {
    const early = dependsOn.filter((needed) => !before.has(needed));
    const twice = before.has(id) ? [`${id} occurs twice`] : [];
    before.add(id);
    return [...twice, ...early.map((needed) => `${id} needs ${needed}, which does not come before it`)];
  });
}

function callFaults({ subQuestions, referenceCalls, tools }: Environment): string[] {
  const ids = subQuestions.map(({ id }) => id);
  if (referenceCalls.map(({ subQuestion }) => subQuestion).join() !== ids.join())
    return ["there is not one reference call for each sub-question, in order"];
  return referenceCalls.flatMap((call, i) => {
    const { id, dependsOn, tool } = subQuestions[i]!;
    const taken = new Set(takenBy(call));
    const document = tools.find((candidate) => candidate.document.name === call.tool)?.document;
    return [
      ...(call.tool === tool ? [] : [`${id} belongs to ${tool} and calls ${call.tool}`]),
      ...(document ? [] : [`${id} calls ${call.tool}, which is no tool`]),
      ...dependsOn.filter((needed) => !taken.has(needed)).map((needed) => `${id} does not use ${needed}`),
      ...[...taken].filter((used) => !dependsOn.includes(used)).map((used) => `${id} uses ${used} unsaid`),
    ];
  });
}

/** A calculator that joins exactly what a calculated answer rests on is used: it computes the final answer. */
function useFaults({ subQuestions, composition, answer }: Environment): string[] {
  const composed = composedOf(composition);
  const calculator = subQuestions.findLast(
    (sub) =>
      isCalculated(composition) &&
      sub.answer === answer &&
      [...sub.dependsOn].sort().join() === [...composed].sort().join(),
  );
  const unknown = composed.filter((id) => !subQuestions.some((sub) => sub.id === id));
  const idle = subQuestions.filter(
    (sub) =>
      sub !== calculator &&
      !composed.includes(sub.id) &&
      !subQuestions.some((other) => other.dependsOn.includes(sub.id)),
  );
  return [
    ...unknown.map((id) => `the answer rests on ${id}, which is no sub-question`),
    ...idle.map(({ id }) => `nothing uses ${id}`),
  ];
}

/** Each tool either owns a sub-answer or is said to distract: other gates look at the one kind or the other. */
function ownerFaults({ subQuestions, tools }: Environment): string[] {
  return tools.flatMap(({ document: { name }, distractor }) => {
    const owned = subQuestions.filter(({ tool }) => tool === name);
    if (distractor) return owned.map(({ id }) => `${name} is called a distractor and owns ${id}`);
    return owned.length > 0 ? [] : [`${name} owns no sub-answer and is not called a distractor`];
  });
}

/** A second question, after the first or joined to it in a way that no relative clause is. */
const secondQuestions = [
  /\?[^?]*\?/,
  /;\s+(?:and\s+)?(?:what|which|who|when|where|why|how)\b/,
  /[,;]\s+(?:and|or)\s+(?:[a-z]+\s+)?(?:what|when|where|why|how)\b/,
  /\b(?:and|or)\s+(?:what|how)\b/,
  /\b(?:and|or)\s+(?:[a-z]+\s+)?(?:what|when|where|why|how|who|which)\s*\?\s*$/,
];
const quotations = /"[^"]*"|“[^”]*”|‘.*?’(?!\p{L})|(?<=\s)'.*?'(?!\p{L})/gu;

/** A sub-question asks for one thing: not for two in its words, nor for one thing and another that are two cells of a row. */
function atomFaults(subject: Case): string[] {
  const asks = (question: string) => secondQuestions.some((form) => form.test(question));
  const twice = subject.environment.subQuestions.filter(({ question }) =>
    asks(question.replace(quotations, "")),
  );
  const pieced = madeCalls(subject).flatMap((call) => {
    const facts = tableFacts(subject, call);
    if (typeof facts !== "object" || !namesTwo(call)) return [];
    const columns = columnsOf(call.sub.answer, cellsOf(facts.table.rows[facts.own]!));
    return columns.length > 1 ? [`${call.sub.id} asks for several columns: ${columns.join(", ")}`] : [];
  });
  return [...twice.map(({ id }) => `${id} asks more than one question`), ...pieced];
}

/** "The capital and the currency of Peru", and not "the coordinates of Trinidad and Tobago". */
function namesTwo({ sub, given }: MadeCall): boolean {
  const names = leavesOf(given).map(({ value }) => String(value));
  const words = names.reduce((text, name) => text.replaceAll(name, ""), sub.question.replace(quotations, ""));
  return /\b(?:and|with|plus)\b|&/.test(words);
}

/** A longer list is no handful of columns. */
const mostPieces = 32;

/** The cells that an answer is made of, one after the other, the longest pieces first; none where it is not. */
function columnsOf(answer: string, cells: readonly Cell[]): string[] {
  const columns: string[] = [];
  if (answer.split(", ").length > mostPieces) return [];
  for (let rest = answer; rest !== ""; ) {
    const ends = [rest.length, ...[...rest.matchAll(/, /g)].map(({ index }) => index).reverse()];
    const found = ends.flatMap((end) => {
      const cell = cells.find(({ value }) => exactWordings(value, rest.slice(0, end)).length > 0);
      return cell ? [{ end, column: cell.path.join(".") }] : [];
    })[0];
    if (found === undefined) return [];
    columns.push(found.column);
    rest = rest.slice(found.end + 2);
  }
  return columns;
}

/** Who has asked need not ask again, by another name of the same row or with a default written out either. */
function repeatFaults(subject: Case): string[] {
  const asked = new Map<string, string>();
  const made = new Map(madeCalls(subject).map((call) => [call.sub.id, call]));
  return subject.environment.referenceCalls.flatMap(({ subQuestion, tool, arguments: given }) => {
    const call = made.get(subQuestion);
    const key = canonicalJson([tool, call ? askedBy(subject, call) : given]);
    const before = asked.get(key);
    asked.set(key, before ?? subQuestion);
    return before === undefined ? [] : [`${subQuestion} asks what ${before} asks`];
  });
}

/** What a call asks, with the row that it means in the place of the names that lead there. */
function askedBy(subject: Case, call: MadeCall): Json {
  const facts = tableFacts(subject, call);
  const { properties } = call.tool.document.parameters;
  const defaults = Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      schema.default === undefined ? [] : [[name, schema.default]],
    ),
  );
  const given: JsonObject = { ...defaults, ...call.given };
  return typeof facts === "object"
    ? facts.keys.reduce((at, { path }) => withLeaf(at, path, facts.own), given)
    : given;
}
