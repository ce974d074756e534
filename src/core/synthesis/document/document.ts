/** Stage 2, document generation: one tool document per sub-question, saying what its functionality does and no more. */
import type { ReferenceArgument, ToolDocument } from "../../environment/environment.ts";
import type { CalculatorCard, Candidate, Card, LookupCard } from "../candidate.ts";
import type { Decomposed, Drafted, ToolDraft } from "../draft.ts";

/** Documents of one functionality are still apart; merging them is the next stage. */
export function document(decomposed: Decomposed): Drafted {
  const { candidate, subQuestions, operands } = decomposed;
  const drafts = subQuestions.map(({ id, tool }) => {
    const card = candidate.cards.find((other) => other.id === tool)!;
    const needed = operands[id]!;
    const draft = draftOf(candidate, card, needed.length);
    return { ...draft, calls: { [id]: callOf(draft, needed) } };
  });
  return { decomposed, drafts, complexity: [] };
}

/** A tool of one functionality, called by nobody yet. `operandCount` matters to calculators only. */
export function draftOf(candidate: Candidate, card: Card, operandCount: number): ToolDraft {
  return card.kind === "lookup" ? lookupDraft(candidate, card) : calculatorDraft(card, operandCount);
}

function lookupDraft(candidate: Candidate, card: LookupCard): ToolDraft {
  const subject = candidate.subjects[card.subject]!;
  const key = subject.parameterDescription
    ? { type: "string", description: subject.parameterDescription }
    : { type: "string" };
  return {
    document: documentOf(card, { [subject.parameter]: key }, [subject.parameter]),
    behaviour: {
      kind: "lookup",
      subject: card.subject,
      key: [subject.parameter],
      fields: [card.field],
      source: subject.source,
      modifiers: [],
      ...(card.unit === undefined ? {} : { unit: card.unit }),
    },
    cards: [card.id],
    calls: {},
  };
}

function calculatorDraft(card: CalculatorCard, operandCount: number): ToolDraft {
  const operands = ["a", "b", "c", "d", "e", "f"].slice(0, operandCount);
  const properties = Object.fromEntries(operands.map((name) => [name, { type: "number" }]));
  return {
    document: documentOf(card, properties, operands),
    behaviour: { kind: "calculate", operation: card.operation, operands, modifiers: [] },
    cards: [card.id],
    calls: {},
  };
}

const documentOf = (
  card: Card,
  properties: ToolDocument["parameters"]["properties"],
  required: string[],
): ToolDocument => ({
  name: card.toolName,
  description: card.description,
  parameters: { type: "object", properties, required },
});

function callOf({ behaviour }: ToolDraft, operands: readonly ReferenceArgument[]) {
  const names = behaviour.kind === "lookup" ? behaviour.key : (behaviour.operands as readonly string[]);
  return Object.fromEntries(names.map((name, i) => [name, operands[i]!]));
}
