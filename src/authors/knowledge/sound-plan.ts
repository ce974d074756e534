/** What a plan must satisfy before it is worth documenting: answers that can be told apart and are not given away. */
import { calculate } from "../../core/environment/calculation.ts";
import { answerMatches } from "../../core/reward/match.ts";
import { isGuessable } from "./guessable.ts";
import { type Chain, lastOf, type Plan, type Step } from "./plan.ts";
import type { Limits } from "./scenarios.ts";

/** Shorter answers are found in almost any text. */
const leastAnswerLength = 3;

export function isSoundPlan(plan: Plan, { maxTools, maxSubQuestions }: Limits): boolean {
  const steps = distinctSteps(plan);
  const calculates = plan.calculates ? 1 : 0;
  const tools = new Set(steps.map(({ relation }) => relation)).size + calculates;
  return (
    steps.length === plan.chains.flat().length &&
    steps.length + calculates <= maxSubQuestions &&
    tools <= maxTools &&
    steps.every(hasUsableAnswer) &&
    areToldApart(steps) &&
    plan.chains.every(goesSomewhere) &&
    !isGuessable(plan) &&
    isDecided(plan)
  );
}

/** Facts of the plan, each once. */
function distinctSteps({ chains }: Plan): Step[] {
  const seen = new Map(
    chains.flat().map((step) => [`${step.subject.id}.${step.relation.field}:${step.entity.name}`, step]),
  );
  return [...seen.values()];
}

function hasUsableAnswer({ answer, relation }: Step): boolean {
  return (
    answer.length >= leastAnswerLength &&
    !answer.includes(", ") &&
    (relation.answerType !== "number" || Number.isFinite(Number(answer)))
  );
}

/** Tools over one subject may be merged into one, and then no call may solve another's sub-question. */
function areToldApart(steps: readonly Step[]): boolean {
  return steps.every((step) =>
    steps.every(
      (other) =>
        other === step || other.subject !== step.subject || !answerMatches(step.answer, other.answer),
    ),
  );
}

/** No chain comes back to a name it has passed. */
function goesSomewhere(chain: Chain): boolean {
  const names = [chain[0].entity.name, ...chain.map(({ answer }) => answer)];
  return new Set(names).size === names.length;
}

/**
 * Listed answers differ. Options are different and comparisons have one winner; differences and days are longer than a
 * digit or two.
 */
function isDecided({ chains, goal }: Plan): boolean {
  const leaves = chains.map((chain: Chain) => lastOf(chain).answer);
  const values = leaves.map(Number);
  const differ = new Set(chains.map(([{ entity }]) => entity)).size === chains.length;
  switch (goal) {
    case "answers":
      return leaves.every((leaf, i) => leaves.every((other, j) => i === j || !answerMatches(leaf, other)));
    case "argmax":
    case "argmin":
      return new Set(values).size === values.length && differ;
    case "count_above":
      return differ;
    case "sum":
    case "mean":
    case "date_after":
      return true;
    case "difference":
    case "days_between":
      return Math.abs(Number(calculate(goal, goal === "difference" ? values : leaves))) >= 100;
  }
}
