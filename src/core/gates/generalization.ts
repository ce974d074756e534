/**
 * Tools know their subject, not one question: unseen keys give what the table says, as distinctly as it says it, names
 * and calls may be written differently, a changed row changes the output, and what is computed follows from any operands.
 *
 * Where a row holds the answer twice, nothing says which cell a tool reads: each is tried, and one has to explain all.
 */
import { environmentHash } from "../environment/environment.ts";
import { seedOf } from "../hash.ts";
import { canonicalJson, type Json } from "../json.ts";
import { type Random, seededRandom } from "../random.ts";
import { answerMatches, normalizeAnswer } from "../reward/match.ts";
import { leavesOf, namesIn, withLeaf } from "./arguments.ts";
import { calculationReadings } from "./calculation-probes.ts";
import { invocationOf, type MadeCall, madeCalls } from "./calls.ts";
import { cellAt } from "./data-table.ts";
import { type Case, type ExecutingGate, findingOf, type Probe, type Readings, textOf } from "./gate.ts";
import { limitReadings } from "./limit-probes.ts";
import { namesSaid } from "./names-said.ts";
import { askingFor, type Column, saidOf, type TableFacts, tableFacts } from "./table-facts.ts";
import { type AskedRow, otherNamesOf, spellingProbes, wordingProbes } from "./wording-probes.ts";

const unseenKeys = 20;
const sentinels = { text: ["Qyzzle Vanth", "Brumlo Twex"], number: [987_123.5, 640_250.75] };

export const generalizationGate: ExecutingGate = {
  kind: "executing",
  gate: "generalization",
  version: 11,
  again: false,
  plan: (subject) => {
    const random = seededRandom(seedOf("generalization", environmentHash(subject.environment)));
    const calls = madeCalls(subject);
    const uses = new Set(distinctUses(calls));
    // A changed row and other operands are for every call: a branch may know the second call of a use and not its first.
    const tried = calls.flatMap((call) => [
      readingsOf(subject, call, uses.has(call), random),
      ...(uses.has(call) ? limitReadings(subject, call) : []),
    ]);
    const hopeless = tried.flatMap((one) => (typeof one === "string" ? [one] : []));
    const readings = tried.flatMap((one) => (typeof one === "string" ? [] : [one]));
    const probes = [...new Set(readings.flat(2))];
    return {
      invocations: probes.map(({ invocation }) => invocation),
      judge: (outcomes) => {
        const faults = new Map(probes.map((probe, i) => [probe, probe.fault(outcomes[i]!)] as const));
        const faultsIn = (reading: readonly Probe[]) =>
          reading.flatMap((probe) => (faults.get(probe) === undefined ? [] : [probe]));
        const found = readings.flatMap((one) => {
          const each = one.map(faultsIn);
          return each.some((probesAtFault) => probesAtFault.length === 0) ? [] : (each[0] ?? []);
        });
        return findingOf(
          [...hopeless, ...found.map((probe) => `${probe.tool}: ${faults.get(probe)}`)],
          `${probes.length} calls with other keys, spellings, rows and operands are right`,
          found.map(({ tool }) => tool),
        );
      },
    };
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

/** What has to hold of one call, or why it cannot generalize. */
function readingsOf(subject: Case, call: MadeCall, isUse: boolean, random: Random): Readings | string {
  const facts = tableFacts(subject, call);
  if (typeof facts === "string") return facts;
  if (facts === undefined) return calculationReadings(subject, call, random);
  const changed = changedRows(facts, call);
  if (!isUse) return facts.columns.map((column) => [changedRowProbe(subject, call, column, changed)]);
  const unseen = unseenRows(call, facts, random);
  if (unseen.rows.length === 0 && Object.keys(facts.table.rows).length > 1)
    return `${call.tool.document.name}: no other row of its table can be asked for`;
  const worded = [...spellingProbes(subject, call, facts), ...wordingProbes(subject, call, facts, random)];
  return facts.columns.map((column) => [
    ...unseenProbes(subject, call, facts, column, unseen),
    ...worded,
    changedRowProbe(subject, call, column, changed),
  ]);
}

interface Unseen {
  readonly rows: readonly AskedRow[];
  /** Rows of the asked keys alone: whole tables would be most of the sandbox's work. */
  readonly excerpt: Json;
}

function unseenRows(call: MadeCall, facts: TableFacts, random: Random): Unseen {
  const { table, own } = facts;
  const rows: AskedRow[] = [];
  for (const row of random.shuffle(Object.keys(table.rows).filter((other) => other !== own))) {
    const given = askingFor(facts, call, call.given, row);
    if (given) rows.push({ name: row, row, given });
    if (rows.length === unseenKeys) break;
  }
  const others = otherNamesOf(call, facts, new Set(rows.map(({ row }) => row)), random);
  const kept = [own, ...rows.map(({ row }) => row)].map((row) => [row, table.rows[row]!] as const);
  return { rows: [...rows, ...others], excerpt: { aliases: table.aliases, rows: Object.fromEntries(kept) } };
}

function unseenProbes(
  subject: Case,
  { tool, given, sub }: MadeCall,
  facts: TableFacts,
  column: Column,
  { rows, excerpt }: Unseen,
): Probe[] {
  const program = { ...invocationOf(tool, given, subject).program, table: excerpt };
  const own = saidOf(facts, column, facts.own)!;
  const said = [own, ...rows.flatMap(({ row }) => saidOf(facts, column, row) ?? [])];
  const saidFor = new Map<string, string>();
  return rows.map(({ name, row, given: other }) => {
    const expected = saidOf(facts, column, row);
    return {
      tool: tool.document.name,
      invocation: { program, arguments: other },
      fault: (outcome) => {
        const text = textOf(outcome);
        if (expected === undefined)
          return saysOneOf(said, text) ? `'${row}' has no ${column.path.join(".")} and gives one` : undefined;
        if (!answerMatches(expected, text))
          return `'${name}' gives '${text.slice(0, 40)}' and not '${expected}'`;
        if (answerMatches(sub.answer, text) && !answerMatches(own, expected))
          return `'${row}' gives '${sub.answer}' as well`;
        const already = saidFor.get(text) ?? expected;
        saidFor.set(text, already);
        return already === expected
          ? undefined
          : `what is '${already}' and what is '${expected}' get one output`;
      },
    };
  });
}

/** In whole words: "unknown" says no "no". */
function saysOneOf(values: readonly string[], text: string): boolean {
  const isSaid = namesSaid(normalizeAnswer(text));
  return values.some((value) => value.split(", ").every((piece) => isSaid(normalizeAnswer(piece))));
}

interface Changed {
  readonly cell: Json;
  /** The row alone, with this in the place of the answer. */
  readonly table: Json;
}

/** By the way to the cell, for columns that differ in their wording alone. */
function changedRows({ table, own, columns }: TableFacts, { sub }: MadeCall): (column: Column) => Changed {
  const others = Object.values(table.rows);
  const aliases = Object.fromEntries(Object.entries(table.aliases).filter(([, key]) => key === own));
  const row = table.rows[own]!;
  const made = new Map<string, Changed>();
  return ({ path }) => {
    const way = JSON.stringify(path);
    const known = made.get(way);
    if (known) return known;
    const says = columns.filter((column) => JSON.stringify(column.path) === way).map(({ say }) => say);
    const differs = (value: Json) => says.every((say) => !answerMatches(sub.answer, say(value)));
    const isOther = (value: Json | undefined) => typeof value === "string" && differs(value);
    const inOtherRow = () => {
      const other = others.find((one) => isOther(cellAt(one, path)));
      return other && cellAt(other, path);
    };
    const cell = anotherCell(cellAt(row, path)!, differs, inOtherRow);
    const changed = { cell, table: { aliases, rows: { [own]: withLeaf(row, path, cell) } } };
    made.set(way, changed);
    return changed;
  };
}

function changedRowProbe(
  subject: Case,
  { tool, given, sub }: MadeCall,
  column: Column,
  changedRow: (column: Column) => Changed,
): Probe {
  const { cell, table } = changedRow(column);
  const { program, arguments: same } = invocationOf(tool, given, subject);
  return {
    tool: tool.document.name,
    invocation: { program: { ...program, table }, arguments: same },
    fault: (outcome) => {
      const text = textOf(outcome);
      if (!answerMatches(column.say(cell), text))
        return `a changed row does not change '${text.slice(0, 40)}'`;
      return answerMatches(sub.answer, text) ? `a changed row still gives '${sub.answer}'` : undefined;
    },
  };
}

/**
 * A cell of the same type that is told from the answer. A text with digits in it, such as a date or a time, may be taken
 * apart by its tool, so it is another row's.
 */
function anotherCell(
  cell: Json,
  differs: (value: Json) => boolean,
  inOtherRow: () => Json | undefined,
): Json {
  if (Array.isArray(cell)) return cell.map((member: Json) => anotherCell(member, differs, () => undefined));
  if (typeof cell === "number") return sentinels.number.find(differs)!;
  const isShaped = typeof cell === "string" && /\d/.test(cell);
  return (isShaped ? inOtherRow() : undefined) ?? sentinels.text.find(differs)!;
}
