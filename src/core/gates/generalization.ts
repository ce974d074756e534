/**
 * Tools know their subject, not one question: unseen keys give what the table says, as distinctly as it says it, names
 * and calls may be written differently, a changed row changes the output, and what is computed follows from any operands.
 */
import { calculate, dateOf, type OperandKind, operandKinds, operations } from "../environment/calculation.ts";
import { environmentHash } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import { canonicalJson } from "../json.ts";
import { type Random, seededRandom } from "../random.ts";
import { answerMatches } from "../reward/match.ts";
import { leavesOf, namesIn, operandLeaves, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall, madeCalls } from "./calls.ts";
import { type Case, type ExecutingGate, findingOf, type Probe, textOf, trialOf } from "./gate.ts";
import { keyOf, type TableFacts, tableFacts } from "./table-facts.ts";

const unseenKeys = 20;
const mostAliases = 2;
const sentinels = { text: ["Qyzzle Vanth", "Brumlo Twex"], number: [987_123.5, 640_250.75] };

export const generalizationGate: ExecutingGate = {
  kind: "executing",
  gate: "generalization",
  version: 3,
  again: false,
  plan: (subject) => {
    const random = seededRandom(seedOf("generalization", environmentHash(subject.environment)));
    const calls = madeCalls(subject);
    const probes = distinctUses(calls).map((call) => probesOf(subject, call, random));
    const hopeless = probes.flatMap((one) => (typeof one === "string" ? [one] : []));
    const all = [
      ...probes.flatMap((one) => (typeof one === "string" ? [] : one)),
      // Of every call: a branch may know the second name of a use and not its first.
      ...calls.flatMap((call) => changedRowProbe(subject, call) ?? []),
    ];
    const trial = trialOf(all, `${all.length} calls with other keys, spellings, rows and operands are right`);
    return hopeless.length > 0 ? { ...trial, judge: () => findingOf(hopeless, "") } : trial;
  },
};

/** Calls of one tool that differ in names and numbers only are one use of it. */
function distinctUses(calls: readonly MadeCall[]): MadeCall[] {
  const uses = new Map<string, MadeCall>();
  for (const call of calls) {
    const parts = leavesOf(call.given).filter(
      ({ value, path }) =>
        typeof value !== "number" &&
        !namesIn(call.given, call.tool.document.parameters).some((name) => name.path.join() === path.join()),
    );
    const use = canonicalJson([
      call.tool.document.name,
      parts.map(({ path, value }) => [path.join(), value]),
    ]);
    if (!uses.has(use)) uses.set(use, call);
  }
  return [...uses.values()];
}

/** Probes of one use, or why it cannot generalize. */
function probesOf(subject: Case, call: MadeCall, random: Random): Probe[] | string {
  const facts = tableFacts(subject, call);
  if (facts === undefined) return calculationProbes(subject, call, random);
  if (typeof facts === "string") return facts;
  return [
    ...unseenProbes(subject, call, facts, random),
    ...spellingProbes(subject, call, facts),
    ...wordingProbes(subject, call, facts, random),
  ];
}

/** Asked in an excerpt of the table, rows of the asked keys alone: whole tables would be most of the sandbox's work. */
function unseenProbes(
  subject: Case,
  { tool, given, sub }: MadeCall,
  { table: { aliases, rows }, key, own, field }: TableFacts,
  random: Random,
): Probe[] {
  const others = random.shuffle(Object.keys(rows).filter((other) => other !== own)).slice(0, unseenKeys);
  const excerpt = { aliases, rows: Object.fromEntries([own, ...others].map((one) => [one, rows[one]!])) };
  const program = { ...invocationOf(tool, given, subject).program, table: excerpt };
  const saidFor = new Map<string, string>();
  return others.map((other) => {
    const expected = rows[other]![field];
    return {
      tool: tool.document.name,
      invocation: { program, arguments: withLeaf(given, key.path, other) },
      fault: (outcome) => {
        const text = textOf(outcome);
        if (expected === undefined)
          return outcome.kind === "raised" ? undefined : `'${other}' has no ${field} and gives one`;
        if (!answerMatches(String(expected), text))
          return `'${other}' gives '${text.slice(0, 40)}' and not '${expected}'`;
        if (answerMatches(sub.answer, text) && !answerMatches(sub.answer, String(expected)))
          return `'${other}' gives '${sub.answer}' as well`;
        const already = saidFor.get(text) ?? String(expected);
        saidFor.set(text, already);
        return already === String(expected)
          ? undefined
          : `what is '${already}' and what is '${expected}' get one output`;
      },
    };
  });
}

function spellingProbes(subject: Case, { tool, given, sub }: MadeCall, { key }: TableFacts): Probe[] {
  const name = String(key.value);
  return [name.toUpperCase(), ` ${name.toLowerCase()}  `].map((spelling) => ({
    tool: tool.document.name,
    invocation: invocationOf(tool, withLeaf(given, key.path, spelling), subject),
    fault: (outcome) => {
      const text = textOf(outcome);
      if (!answerMatches(sub.answer, text)) return `'${spelling}' is not taken for '${name}'`;
      // Its blanks are nowhere in the data: they can only come from what was passed.
      const repeats = spelling.endsWith(" ") && text.includes(spelling);
      return repeats ? "an output repeats what was passed" : undefined;
    },
  }));
}

/** The same call in other words: by the other names of its row, and with every default written out. */
function wordingProbes(
  subject: Case,
  { tool, given, sub }: MadeCall,
  { table, key, own }: TableFacts,
  random: Random,
): Probe[] {
  const aliases = Object.keys(table.aliases).filter((alias) => keyOf(table, alias) === own);
  const defaults = Object.entries(tool.document.parameters.properties).flatMap(([name, schema]) =>
    schema.default === undefined ? [] : [[name, schema.default] as const],
  );
  const calls = random
    .shuffle(aliases)
    .slice(0, mostAliases)
    .map((alias) => ({ wording: `'${alias}'`, arguments: withLeaf(given, key.path, alias) }));
  if (defaults.length > 0)
    calls.push({
      wording: "the call with its defaults written out",
      arguments: { ...Object.fromEntries(defaults), ...given },
    });
  return calls.map(({ wording, arguments: other }) => ({
    tool: tool.document.name,
    invocation: invocationOf(tool, other, subject),
    fault: (outcome) =>
      answerMatches(sub.answer, textOf(outcome)) ? undefined : `${wording} does not give '${sub.answer}'`,
  }));
}

/** Undefined where the answer is computed, or is in no table. */
function changedRowProbe(subject: Case, call: MadeCall): Probe | undefined {
  const facts = tableFacts(subject, call);
  if (typeof facts !== "object") return undefined;
  const { tool, given, sub } = call;
  const { table, own, field } = facts;
  const row = table.rows[own]!;
  const candidates = typeof row[field] === "number" ? sentinels.number : sentinels.text;
  const changed = candidates.find((value) => !answerMatches(sub.answer, String(value)))!;
  const aliases = Object.fromEntries(Object.entries(table.aliases).filter(([, key]) => key === own));
  const { program, arguments: same } = invocationOf(tool, given, subject);
  return {
    tool: tool.document.name,
    invocation: {
      program: { ...program, table: { aliases, rows: { [own]: { ...row, [field]: changed } } } },
      arguments: same,
    },
    fault: (outcome) => {
      const text = textOf(outcome);
      if (!answerMatches(String(changed), text))
        return `a changed row does not change '${text.slice(0, 40)}'`;
      return answerMatches(sub.answer, text) ? `a changed row still gives '${sub.answer}'` : undefined;
    },
  };
}

/** The operation that explains the reference answer must explain the results for other operands too. */
function calculationProbes(subject: Case, { tool, given, sub }: MadeCall, random: Random): Probe[] | string {
  const leaves = operandLeaves(given);
  const operands = leaves.map(({ value }) => value);
  const operation = operations.find((one) => operands.length > 1 && calculate(one, operands) === sub.answer);
  if (!operation)
    return `${tool.document.name}: '${sub.answer}' follows neither from a table nor from its operands`;
  const kinds = operandKinds(operation, operands.length);
  return Array.from({ length: unseenKeys }, () => {
    const fresh = kinds.map((kind) => freshOperand(kind, random));
    const other = leaves.reduce((at, { path }, i) => withLeaf(at, path, fresh[i]!), given);
    const expected = calculate(operation, fresh)!;
    return {
      tool: tool.document.name,
      invocation: invocationOf(tool, other, subject),
      fault: (outcome) =>
        answerMatches(expected, textOf(outcome))
          ? undefined
          : `${operation} of ${fresh.join(", ")} is not ${expected}`,
    };
  });
}

function freshOperand(kind: OperandKind, random: Random): number | string {
  switch (kind) {
    case "number":
      return random.integer(1_000_000) / 10;
    case "days":
      return random.integer(10_000);
    case "date":
      return dateOf(random.integer(30_000));
  }
}
