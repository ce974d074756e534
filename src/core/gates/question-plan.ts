/**
 * The question asks for what the plan finds out: every name, number and date that a reference call is given, and no
 * earlier call gives, stands in the question; so do a threshold and a number of days; and each option of a comparison is
 * what its own calls were asked about. Nor does it list a name beside these that the plan leaves out. That the words between
 * them ask for this relation and no other, no code can tell.
 */
import type { Environment } from "../environment/environment.ts";
import { tableOf } from "../environment/program.ts";
import { type Json, ownMember } from "../json.ts";
import { answerMatches } from "../reward/match.ts";
import { tidyKey } from "../synthesis/deploy/lookup-key.ts";
import { type Leaf, leavesOf, namesIn } from "./arguments.ts";
import { chainOf, type MadeCall, madeCalls } from "./calls.ts";
import { keyOf, type Table, tableFault } from "./data-table.ts";
import { plainDateSpellings } from "./date-spellings.ts";
import { type Case, findingOf, type StaticGate } from "./gate.ts";
import { leftOut } from "./left-out.ts";
import { namesSaid } from "./names-said.ts";
import { numbersSaid } from "./number-words.ts";
import { tableFacts } from "./table-facts.ts";

export const questionPlanGate: StaticGate = {
  kind: "static",
  gate: "question-plan",
  version: 6,
  judge: (subject) => {
    const { environment } = subject;
    const calls = madeCalls(subject);
    const literals = calls.flatMap((call) => literalsOf(subject, call).map((literal) => ({ call, literal })));
    const saysName = namesSaid(environment.question);
    const numbers = numbersSaid(environment.question);
    const unsaid = literals.filter(({ call, literal }) =>
      typeof literal === "number"
        ? !numbers.has(literal)
        : !spellingsOf(subject, call, literal).some(saysName),
    );
    return findingOf(
      [
        ...unsaid.map(
          ({ call, literal }) => `${call.sub.id} asks about '${literal}', which the question does not name`,
        ),
        ...constantsOf(environment)
          .filter((constant) => !numbers.has(constant))
          .map((constant) => `the answer rests on ${constant}, which the question does not say`),
        ...optionFaults(subject, calls),
        ...omissions(
          subject,
          literals.flatMap(({ call, literal }) => spellingsOf(subject, call, String(literal))),
        ),
      ],
      `${literals.length} names and numbers of the plan stand in the question`,
    );
  },
};

function omissions({ environment, tables }: Case, spellings: readonly string[]): string[] {
  const { question, composition, tools } = environment;
  const labels = "labels" in composition ? composition.labels : [];
  const read = tools
    .filter(({ distractor }) => !distractor)
    .map((tool) => tableOf(tool, tables))
    .filter((table) => table !== undefined && tableFault(table) === undefined);
  const name = leftOut(question, [...spellings, ...labels], read as unknown as Table[]);
  return name === undefined ? [] : [`the question also names '${name}', which no call asks about`];
}

/**
 * Written out in the call: free text and numbers, but for what is the default. An optional number is a matter of form where
 * it neither names a row nor is calculated with.
 */
function literalsOf(subject: Case, call: MadeCall): (string | number)[] {
  const { reference, given, tool } = call;
  const { parameters } = tool.document;
  const { properties, required } = parameters;
  const written = new Map(
    Object.entries(reference.arguments).flatMap(([name, argument]) =>
      literalLeaves(argument as unknown as Json, [name]).map(
        (leaf) => [leaf.path.join(), leaf.value] as const,
      ),
    ),
  );
  const isLiteral = ({ path, value }: Leaf) => written.get(path.join()) === value;
  const isDefault = ({ path: [name], value }: Leaf) => value === ownMember(properties, String(name))?.default;
  const decides = (leaf: Leaf) => {
    const facts = tableFacts(subject, call);
    return typeof facts !== "object" || facts.keys.some(({ path }) => path.join() === leaf.path.join());
  };
  const names = namesIn(given, parameters).filter((leaf) => !isDefault(leaf));
  const numbers = leavesOf(given).filter(
    (leaf) =>
      typeof leaf.value === "number" &&
      (required.includes(String(leaf.path[0])) || (!isDefault(leaf) && decides(leaf))),
  );
  return [...names, ...numbers]
    .filter(isLiteral)
    .flatMap(({ value }) => (typeof value === "string" || typeof value === "number" ? [value] : []));
}

/** Leaves of a reference argument's literals, by the way to them in the call. */
function literalLeaves(argument: Json, path: Leaf["path"]): Leaf[] {
  const { value, list, object } = argument as {
    value?: Json;
    list?: readonly Json[];
    object?: Record<string, Json>;
  };
  if (value !== undefined) return leavesOf(value, path);
  if (list) return list.flatMap((member, i) => literalLeaves(member, [...path, i]));
  return Object.entries(object ?? {}).flatMap(([name, member]) => literalLeaves(member, [...path, name]));
}

/** What a question may say instead: other names of the row, and a date in words, or in another order that says no other day. */
function spellingsOf({ tables }: Case, { tool }: MadeCall, name: string): string[] {
  return [name, ...plainDateSpellings(name), ...aliasesOf(tableOf(tool, tables), name)];
}

function aliasesOf(data: Json | undefined, name: string): string[] {
  if (data === undefined || tableFault(data) !== undefined) return [];
  const table = data as unknown as Table;
  const row = keyOf(table, name);
  if (row === undefined) return [];
  return [row, ...Object.keys(table.aliases).filter((alias) => table.aliases[alias] === row)];
}

function constantsOf({ composition }: Environment): number[] {
  if (composition.kind === "count_above") return [composition.threshold];
  return composition.kind === "date_after" ? [composition.days] : [];
}

/** An option stands for its own chain of calls: somewhere in it, the call is given the option's name. */
function optionFaults(subject: Case, calls: readonly MadeCall[]): string[] {
  const { composition, answer } = subject.environment;
  if (!("labels" in composition)) return [];
  const { of, labels } = composition;
  if (labels.length !== of.length) return [`${labels.length} options for ${of.length} values`];
  const twice = labels.filter(
    (label, i) => labels.findIndex((other) => tidyKey(other) === tidyKey(label)) < i,
  );
  return [
    ...twice.map((label) => `option '${label}' stands there twice`),
    ...labels
      .filter((label) => label !== answer && answerMatches(answer, label))
      .map((label) => `option '${label}' holds the answer '${answer}', and would be taken for it`),
    ...labels.flatMap((label, i) => {
      const chain = chainOf(calls, of[i]!);
      const isAbout = chain.some((call) =>
        literalsOf(subject, call).some((literal) =>
          spellingsOf(subject, call, String(literal)).some((name) => tidyKey(name) === tidyKey(label)),
        ),
      );
      return isAbout ? [] : [`option '${label}' is not what ${of[i]} was asked about`];
    }),
  ];
}
