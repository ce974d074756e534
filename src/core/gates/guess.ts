/**
 * Guessing without tools: how often it can be right by what the question, its options and the data's columns say, and
 * what the plainest guesser answers. A rate judges the question asked, not whether this very answer happens to be common.
 */
import { composeAnswer, composedOf } from "../environment/composition.ts";
import { leavesOf } from "./arguments.ts";
import { type MadeCall, madeCalls, takenBy } from "./calls.ts";
import { cellAt, type Table } from "./data-table.ts";
import type { Case } from "./gate.ts";
import { type Column, tableFacts } from "./table-facts.ts";

export interface GuessRate {
  /** An upper bound of the share of guesses that are right, 0 to 1. */
  readonly rate: number;
  /** What bounds it. */
  readonly by: string;
}

interface Frequency {
  /** The most frequent value; of several, the first by code units. */
  readonly majority: string;
  readonly share: number;
  readonly rows: number;
}

/**
 * - a comparison: one of its options;
 * - an answer looked up: the most frequent value of the column asked for, so that a column of two values is a coin toss;
 * - an answer computed from others, or a list: the hardest part, for who gets the whole right gets each part right (and
 *   a sum, given all but one operand, only with the right last one);
 * - an answer computed from numbers that all stand in the question needs no tool that knows something: 1;
 * - a count: one of its counts, or the hardest part where that is more;
 * - yes or no, true or false: at least one half, whatever the column says.
 */
export function guessRate(subject: Case): GuessRate {
  const { composition, answer } = subject.environment;
  const calls = madeCalls(subject);
  const prior: GuessRate = isYesOrNo(answer) ? { rate: 0.5, by: "yes or no" } : { rate: 0, by: "" };
  if ("labels" in composition) {
    const options = new Set(composition.labels).size;
    return highest(prior, { rate: 1 / options, by: `one of ${options} options` });
  }
  const rates = composedOf(composition).flatMap((id) => rateOf(subject, calls, id) ?? []);
  const bound = highest(prior, lowest(rates) ?? { rate: 0, by: "nothing known of its columns" });
  return composition.kind === "count_above" ? highest(bound, countRate(composition.of.length)) : bound;
}

/** Neither none nor all are ever meant, which leaves n - 1 counts to choose from. */
const countRate = (options: number): GuessRate => ({
  rate: 1 / Math.max(1, options - 1),
  by: `one of ${options - 1} counts`,
});

/** Undefined where neither a table nor operands are known, as of imported tools. */
function rateOf(subject: Case, calls: readonly MadeCall[], id: string): GuessRate | undefined {
  const call = calls.find(({ sub }) => sub.id === id);
  if (!call) return undefined;
  const facts = tableFacts(subject, call);
  if (typeof facts === "object") {
    const [column] = facts.columns;
    const { share, rows } = frequencyOf(facts.table, column);
    return { rate: share, by: `the most frequent of ${rows} values of '${column.path.join(".")}'` };
  }
  if (facts !== undefined) return undefined;
  const sources = takenBy(call.reference);
  const computes = leavesOf(call.given).some(({ value }) => typeof value === "number");
  if (sources.length === 0 && computes)
    return { rate: 1, by: "arithmetic on numbers that the question gives" };
  return lowest(sources.flatMap((source) => rateOf(subject, calls, source) ?? []));
}

/**
 * What one says who knows the data's columns and no row: the most frequent value of each column asked for, brought
 * together as the question wants; of options the first.
 */
export function guessedAnswer(subject: Case): string | undefined {
  const { composition } = subject.environment;
  const guesses: Record<string, string> = {};
  for (const call of madeCalls(subject)) {
    const facts = tableFacts(subject, call);
    if (typeof facts === "object") guesses[call.sub.id] = frequencyOf(facts.table, facts.columns[0]).majority;
  }
  const composed = composeAnswer(composition, guesses);
  return composed ?? ("labels" in composition ? composition.labels[0] : undefined);
}

/** Tables are shared by many environments, and large. */
const frequencies = new WeakMap<Table["rows"], Map<string, Frequency>>();

function frequencyOf({ rows }: Table, column: Column): Frequency {
  const known = frequencies.get(rows) ?? new Map<string, Frequency>();
  frequencies.set(rows, known);
  const key = JSON.stringify(column.path);
  const frequency = known.get(key) ?? countColumn(rows, column);
  known.set(key, frequency);
  return frequency;
}

function countColumn(rows: Table["rows"], { path, say }: Column): Frequency {
  const counts = new Map<string, number>();
  let total = 0;
  for (const row of Object.values(rows)) {
    const cell = cellAt(row, path);
    if (cell === undefined) continue;
    total += 1;
    counts.set(say(cell), (counts.get(say(cell)) ?? 0) + 1);
  }
  let [majority, most] = ["", 0];
  for (const [value, count] of counts)
    if (count > most || (count === most && value < majority)) [majority, most] = [value, count];
  return { majority, share: most / Math.max(1, total), rows: total };
}

const isYesOrNo = (answer: string) => ["yes", "no", "true", "false"].includes(answer.trim().toLowerCase());

const highest = (a: GuessRate, b: GuessRate) => (b.rate > a.rate ? b : a);
const lowest = (rates: readonly GuessRate[]): GuessRate | undefined =>
  rates.reduce<GuessRate | undefined>(
    (least, one) => (least && least.rate <= one.rate ? least : one),
    undefined,
  );
