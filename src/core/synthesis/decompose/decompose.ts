/**
 * Stage 1, scenario decomposition: the planned question becomes a DAG of sub-questions with answers. A dependency
 * exists where an operand is another's answer, and nowhere else, so nothing is forced into sequence.
 */
import { composeAnswer } from "../../environment/composition.ts";
import type { SubQuestion } from "../../environment/environment.ts";
import { sourcesOf } from "../../environment/reference.ts";
import { scenarioOf } from "../../environment/scenario.ts";
import type { Candidate, Fact } from "../candidate.ts";
import type { Decomposed } from "../draft.ts";

/** An answer that does not follow is left empty and a cycle as it is: the gates refuse both, with the evidence. */
export function decompose(candidate: Candidate): Decomposed {
  const cards = new Map(candidate.cards.map((card) => [card.id, card]));
  const subQuestions = inOrder(candidate.facts).map(
    (fact): SubQuestion => ({
      id: fact.id,
      question: fact.question,
      dependsOn: dependenciesOf(fact),
      tool: fact.card,
      answer: fact.answer,
      answerType: cards.get(fact.card)!.answerType,
    }),
  );
  const answers = Object.fromEntries(subQuestions.map(({ id, answer }) => [id, answer]));
  return {
    candidate,
    scenario: scenarioOf(subQuestions),
    subQuestions,
    operands: Object.fromEntries(candidate.facts.map(({ id, operands }) => [id, operands])),
    answer: composeAnswer(candidate.composition, answers) ?? "",
  };
}

const dependenciesOf = (fact: Fact) => [...new Set(fact.operands.flatMap(sourcesOf))];

/** Facts after those they need; ties keep the plan's order. Members of a cycle come last, as planned. */
function inOrder(facts: readonly Fact[]): Fact[] {
  const ordered: Fact[] = [];
  let waiting = [...facts];
  while (waiting.length > 0) {
    const pending = new Set(waiting.map(({ id }) => id));
    const ready = waiting.filter((fact) => !dependenciesOf(fact).some((id) => pending.has(id)));
    if (ready.length === 0) return [...ordered, ...waiting];
    ordered.push(...ready);
    waiting = waiting.filter((fact) => !ready.includes(fact));
  }
  return ordered;
}
