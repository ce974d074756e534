/** The last step of a plan that a calculator takes: the fact, and how the final answer follows without it. */
import { calculate, type Operation } from "../../core/environment/calculation.ts";
import type { Composition, ReferenceArgument } from "../../core/environment/environment.ts";
import type { Json } from "../../core/json.ts";
import type { Fact } from "../../core/synthesis/candidate.ts";
import { cardId } from "./cards.ts";
import { inWords } from "./phrase.ts";
import { type Goal, lastOf, type Plan } from "./plan.ts";

type Calculated = Exclude<Goal, "answers" | "argmax" | "argmin">;

/** How the final answer follows from the facts `of` at the ends of the chains. */
export function calculatedComposition(
  { constant }: Plan,
  goal: Calculated,
  of: readonly string[],
): Composition {
  switch (goal) {
    case "count_above":
      return { kind: goal, of: [...of], threshold: constant };
    case "date_after":
      return { kind: goal, of: of[0]!, days: constant };
    default:
      return { kind: goal, of: [...of] };
  }
}

export function calculationFact(plan: Plan, goal: Calculated, of: readonly string[], id: string): Fact {
  const leaves = plan.chains.map((chain) => lastOf(chain));
  const values = leaves.map(
    ({ relation, answer }): Json => (relation.answerType === "date" ? answer : Number(answer)),
  );
  const operands = withConstant<ReferenceArgument>(
    goal,
    of.map((from) => ({ from })),
    { value: plan.constant },
  );
  return {
    id,
    card: cardId("calculator", goal),
    question: questionOf(goal, values.map(String), plan.constant),
    operands,
    answer: calculate(goal satisfies Operation, withConstant<Json>(goal, values, plan.constant))!,
  };
}

/** Operands as the operation takes them. */
function withConstant<T>(goal: Calculated, values: readonly T[], constant: T): T[] {
  if (goal === "count_above") return [constant, ...values];
  return goal === "date_after" ? [...values, constant] : [...values];
}

function questionOf(goal: Calculated, values: readonly string[], constant: number): string {
  const listed = inWords(values);
  switch (goal) {
    case "sum":
      return `What is the sum of ${listed}?`;
    case "mean":
      return `What is the mean of ${listed}?`;
    case "difference":
      return `What is ${values[0]} minus ${values[1]}?`;
    case "count_above":
      return `How many of ${listed} are above ${constant}?`;
    case "days_between":
      return `How many days lie between ${listed}?`;
    case "date_after":
      return `Which date is ${constant} days after ${listed}?`;
  }
}
