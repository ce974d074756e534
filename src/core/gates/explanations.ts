/**
 * How a calculator's result follows from its operands, found from one reference call and demanded of all others: an
 * operation by name, or, of one operand, a conversion.
 */
import { calculate, dateOf, type OperandKind, operandKinds, operations } from "../environment/calculation.ts";
import type { Json } from "../json.ts";
import type { Random } from "../random.ts";
import { normalizeAnswer } from "../reward/match.ts";

export interface Explanation {
  readonly name: string;
  /** What the operands give, as text; undefined where that is nothing, as of a division by zero. */
  readonly of: (operands: readonly Json[]) => string | undefined;
  readonly kindsOf: (count: number) => readonly OperandKind[];
}

/** Of numbers alone, beside the operations that compositions know. */
const formulas: Readonly<Record<string, (values: readonly number[]) => number>> = {
  minimum: (values) => Math.min(...values),
  maximum: (values) => Math.max(...values),
  ratio: ([a, b]) => a! / b!,
  "inverse ratio": ([a, b]) => b! / a!,
  percentage: ([a, b]) => (100 * a!) / b!,
  "inverse percentage": ([a, b]) => (100 * b!) / a!,
  "percentage of": ([a, b]) => (a! * b!) / 100,
  "percentage change": ([a, b]) => (100 * (b! - a!)) / a!,
  "signed difference": ([a, b]) => a! - b!,
  "inverse signed difference": ([a, b]) => b! - a!,
};
const ofAnyCount = new Set(["minimum", "maximum"]);

/** A date some days earlier: how many they are has no sign. */
const dateBefore: Explanation = {
  name: "date before",
  of: ([date, days, ...others]) =>
    others.length === 0 && typeof days === "number"
      ? calculate("date_after", [date ?? "", -days])
      : undefined,
  kindsOf: (count) => operandKinds("date_after", count),
};

const known: readonly Explanation[] = [
  ...operations.map(
    (operation): Explanation => ({
      name: operation,
      of: (operands) => calculate(operation, operands),
      kindsOf: (count) => operandKinds(operation, count),
    }),
  ),
  ...Object.entries(formulas).map(
    ([name, formula]): Explanation => ({
      name,
      of: (operands) => {
        const values = operands.filter((operand) => typeof operand === "number");
        const fits = values.length === operands.length && (ofAnyCount.has(name) || values.length === 2);
        const value = fits ? formula(values) : Number.NaN;
        return Number.isFinite(value) ? String(value) : undefined;
      },
      kindsOf: (count) => Array.from({ length: count }, () => "number"),
    }),
  ),
  dateBefore,
];

/** Those that give the answer from two operands or more; a result may be rounded and have a unit behind it. */
export const explanationsOf = (operands: readonly Json[], answer: string): readonly Explanation[] =>
  operands.length < 2
    ? []
    : known.filter(({ of }) => {
        const said = of(operands);
        return said !== undefined && saysResult(answer, said);
      });

/** Whether a text is the result: the very same, or its first number rounded to the decimals that it shows. */
export function saysResult(text: string, expected: string): boolean {
  if (text === expected) return true;
  const value = Number(expected);
  if (!Number.isFinite(value)) return normalizeAnswer(text) === normalizeAnswer(expected);
  const shown = numberIn(text);
  return shown !== undefined && Math.abs(shown.value - value) <= shown.half + 1e-9 * Math.abs(value);
}

/** The number that a text shows, and half a unit of its last digit. */
export function numberIn(text: string): { readonly value: number; readonly half: number } | undefined {
  const [found] = normalizeAnswer(text).match(/-?\d+(\.\d+)?(e[+-]?\d+)?/) ?? [];
  if (found === undefined) return undefined;
  const [digits, exponent = "0"] = found.split("e");
  const decimals = digits!.split(".")[1]?.length ?? 0;
  return { value: Number(found), half: 0.5 * 10 ** (Number(exponent) - decimals) };
}

/** Operations that numbers of either sign make sense for. */
const ofAnySign = new Set([
  "sum",
  "difference",
  "product",
  "mean",
  "count_above",
  "minimum",
  "maximum",
  "signed difference",
  "inverse signed difference",
  "date_after",
]);

/**
 * Operands at which a slip shows that usual ones hide: all alike, the last one negative, zero, and dates at the end of a
 * February without a leap day and before 1970.
 */
export function unusualOperands({ name }: Explanation, usual: readonly Json[]): Json[][] {
  const last = usual.at(-1);
  const isDate = (value: Json) => typeof value === "string";
  const sets: Json[][] = [usual.map((value) => usual.find((other) => typeof other === typeof value)!)];
  if (typeof last === "number" && ofAnySign.has(name))
    sets.push([...usual.slice(0, -1), -last], [...usual.slice(0, -1), 0]);
  if (usual.some(isDate)) sets.push(usual.map((value) => (isDate(value) ? "1900-02-28" : value)));
  return sets;
}

export function freshOperand(kind: OperandKind, random: Random): number | string {
  switch (kind) {
    case "number":
      return random.integer(1_000_000) / 10;
    case "days":
      return random.integer(10_000);
    case "date":
      return dateOf(random.integer(30_000));
  }
}

/** A point of a conversion: what goes in, and what the tool says. */
export interface Converted {
  readonly operand: number;
  readonly text: string;
}

/**
 * The fault of a conversion y = a x + b whose points are known by their texts alone: no number, no line through the two
 * that lie farthest apart, one value for all, or a point off the line by more than rounding explains.
 */
export function conversionFault(points: readonly Converted[]): string | undefined {
  const shown = points.map(({ operand, text }) => ({
    operand,
    text,
    ...(numberIn(text) ?? { value: Number.NaN, half: 0 }),
  }));
  const mute = shown.find(({ value }) => Number.isNaN(value));
  if (mute) return `${mute.operand} gives no number but '${mute.text.slice(0, 40)}'`;
  const sorted = [...shown].sort((a, b) => a.operand - b.operand);
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const slope = (high.value - low.value) / (high.operand - low.operand);
  if (!(Math.abs(slope) > 0)) return "other operands give one result";
  const off = shown.find(({ operand, value, half }) => {
    const rounding = half + low.half + high.half + 1e-9 * Math.abs(value);
    return Math.abs(low.value + slope * (operand - low.operand) - value) > rounding;
  });
  return (
    off && `${off.operand} gives '${off.text.slice(0, 40)}', which is off the line that other operands lie on`
  );
}
