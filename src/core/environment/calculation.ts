/**
 * What calculators compute, on numbers and on dates: the one place that does it. Results are text, as tools give them,
 * and at least three characters where the author chose well: a count says "2 of 5", for "2" is found in any text.
 */
import type { Json } from "../json.ts";

export const operations = [
  "sum",
  "difference",
  "product",
  "mean",
  "count_above",
  "days_between",
  "date_after",
] as const;
export type Operation = (typeof operations)[number];

/** `days` are whole numbers of them; a `date` is YYYY-MM-DD in the Gregorian calendar. */
export type OperandKind = "number" | "days" | "date";

/** The operands that come first, by name, and what all others are. */
interface OperandShape {
  readonly first: Readonly<Record<string, OperandKind>>;
  readonly others: OperandKind;
  /** Names of the others where they are not just listed. */
  readonly names?: readonly string[];
}

const numbers: OperandShape = { first: {}, others: "number" };

export const operandShapes: Readonly<Record<Operation, OperandShape>> = {
  sum: numbers,
  difference: numbers,
  product: numbers,
  mean: numbers,
  count_above: { first: { threshold: "number" }, others: "number" },
  days_between: { first: {}, others: "date", names: ["start", "end"] },
  date_after: { first: { date: "date" }, others: "days", names: ["days"] },
};

/** The kind of each operand of a call that has `count` of them. */
export function operandKinds(operation: Operation, count: number): OperandKind[] {
  const { first, others } = operandShapes[operation];
  const kinds = Object.values(first);
  return [...kinds, ...Array.from({ length: Math.max(0, count - kinds.length) }, () => others)];
}

/** Undefined where an operand is missing or not of its kind, and for a date outside the years 0000 to 9999. */
export function calculate(operation: Operation, operands: readonly Json[]): string | undefined {
  const { first, names } = operandShapes[operation];
  const least = Object.keys(first).length + (names?.length ?? 1);
  const kinds = operandKinds(operation, operands.length);
  const fits = operands.every((operand, i) => isOfKind(kinds[i]!, operand));
  return fits && operands.length >= least ? exact(operation, operands) : undefined;
}

function isOfKind(kind: OperandKind, operand: Json): boolean {
  switch (kind) {
    case "number":
      return typeof operand === "number" && Number.isFinite(operand);
    case "days":
      return Number.isInteger(operand);
    case "date":
      return typeof operand === "string" && dayOf(operand) !== undefined;
  }
}

/**
 * A difference and a number of days have no sign: under substring matching "-12" would also pass for "12", so no answer
 * may rest on the order. Numbers are rounded to 6 decimals, so that 0.1 + 0.2 is 0.3; the generated calculators do alike.
 */
function exact(operation: Operation, operands: readonly Json[]): string | undefined {
  const values = operands as readonly number[];
  const total = () => values.reduce((a, b) => a + b, 0);
  const rounded = (value: number) => String(Number(value.toFixed(6)));
  switch (operation) {
    case "sum":
      return rounded(total());
    case "difference":
      return rounded(Math.abs(values.slice(1).reduce((a, b) => a - b, values[0]!)));
    case "product":
      return rounded(values.reduce((a, b) => a * b, 1));
    case "mean":
      return rounded(total() / values.length);
    case "count_above": {
      const [threshold, ...others] = values;
      return `${others.filter((value) => value > threshold!).length} of ${others.length}`;
    }
    case "days_between":
      return String(Math.abs(dayOf(operands[1] as string)! - dayOf(operands[0] as string)!));
    case "date_after":
      return writableDate(dayOf(operands[0] as string)! + values[1]!);
  }
}

const dayMs = 86_400_000;

/** Days since 1970-01-01, or undefined for what is no date. */
function dayOf(date: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  return Number.isFinite(ms) && dateOf(ms / dayMs) === date ? ms / dayMs : undefined;
}

export const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

const [firstDay, lastDay] = [dayOf("0000-01-01")!, dayOf("9999-12-31")!];

/** Undefined outside the years that four digits can write. */
const writableDate = (day: number): string | undefined =>
  day >= firstDay && day <= lastDay ? dateOf(day) : undefined;
