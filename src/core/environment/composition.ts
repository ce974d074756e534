/** How a final answer follows from sub-answers. The one place that does the arithmetic of compositions. */
import type { Composition } from "./environment.ts";

/**
 * The final answer, or undefined where it does not follow: a missing or non-numeric operand, or a tie for the extreme.
 * `answers` maps sub-question ids to sub-answers.
 */
export function composeAnswer(
  composition: Composition,
  answers: Readonly<Record<string, string>>,
): string | undefined {
  switch (composition.kind) {
    case "answer":
      return answers[composition.of];
    case "list": {
      const pieces = composition.of.map((id) => answers[id]);
      return pieces.every((piece) => piece !== undefined) ? pieces.join(", ") : undefined;
    }
    case "argmax":
    case "argmin": {
      const values = numbersOf(composition.of, answers);
      if (!values) return undefined;
      const best = composition.kind === "argmax" ? Math.max(...values) : Math.min(...values);
      const winners = values.flatMap((value, i) => (value === best ? [composition.labels[i]] : []));
      return winners.length === 1 ? winners[0] : undefined;
    }
    case "sum":
    case "difference": {
      const values = numbersOf(composition.of, answers);
      return values && String(calculate(composition.kind, values));
    }
    case "stated":
      return undefined;
  }
}

export const operations = ["sum", "difference", "product", "mean"] as const;
export type Operation = (typeof operations)[number];

/**
 * A difference has no sign: under substring matching "-12" would also pass for "12", so no answer may rest on the order.
 * Rounded to 6 decimals, so that 0.1 + 0.2 is 0.3; the generated calculators round alike.
 */
export function calculate(operation: Operation, operands: readonly number[]): number {
  return Number(exact(operation, operands).toFixed(6));
}

function exact(operation: Operation, operands: readonly number[]): number {
  switch (operation) {
    case "sum":
      return operands.reduce((a, b) => a + b, 0);
    case "difference":
      return Math.abs(operands.slice(1).reduce((a, b) => a - b, operands[0]!));
    case "product":
      return operands.reduce((a, b) => a * b, 1);
    case "mean":
      return operands.reduce((a, b) => a + b, 0) / operands.length;
  }
}

function numbersOf(ids: readonly string[], answers: Readonly<Record<string, string>>): number[] | undefined {
  const values = ids.map((id) => Number(answers[id] ?? Number.NaN));
  return values.length > 0 && values.every(Number.isFinite) ? values : undefined;
}

/** Ids a composition rests on. */
export function composedOf(composition: Composition): readonly string[] {
  if (composition.kind === "stated") return [];
  return composition.kind === "answer" ? [composition.of] : composition.of;
}
