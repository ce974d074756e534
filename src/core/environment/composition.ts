/** How a final answer follows from sub-answers, recomputed by code. */
import { type Json, ownMember } from "../json.ts";
import { calculate, operations } from "./calculation.ts";
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
      return ownMember(answers, composition.of);
    case "list": {
      const pieces = composition.of.map((id) => ownMember(answers, id));
      return pieces.every((piece) => piece !== undefined) ? pieces.join(", ") : undefined;
    }
    case "argmax":
    case "argmin": {
      const values = numbersOf(composition.of, answers);
      if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
      const best = composition.kind === "argmax" ? Math.max(...values) : Math.min(...values);
      const winners = values.flatMap((value, i) => (value === best ? [composition.labels[i]] : []));
      return winners.length === 1 ? winners[0] : undefined;
    }
    case "sum":
    case "difference":
    case "mean":
      return calculate(composition.kind, numbersOf(composition.of, answers));
    case "count_above":
      return calculate("count_above", [composition.threshold, ...numbersOf(composition.of, answers)]);
    case "days_between":
      return calculate("days_between", textsOf(composition.of, answers));
    case "date_after":
      return calculate("date_after", [ownMember(answers, composition.of) ?? "", composition.days]);
    case "stated":
      return undefined;
  }
}

const textsOf = (ids: readonly string[], answers: Readonly<Record<string, string>>): Json[] =>
  ids.map((id) => ownMember(answers, id) ?? "");

/** NaN for what is missing or no number. */
const numbersOf = (ids: readonly string[], answers: Readonly<Record<string, string>>): number[] =>
  ids.map((id) => Number(ownMember(answers, id) ?? Number.NaN));

/** Ids a composition rests on. */
export function composedOf(composition: Composition): readonly string[] {
  if (composition.kind === "stated") return [];
  return typeof composition.of === "string" ? [composition.of] : composition.of;
}

/** Whether a calculator can give the final answer from just what the composition rests on. */
export const isCalculated = ({ kind }: Composition): boolean =>
  (operations as readonly string[]).includes(kind);
