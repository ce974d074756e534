/** Stage 2, document generation: one tool document per sub-question, saying what its functionality does and no more. */
import { type OperandKind, operandShapes } from "../../environment/calculation.ts";
import type { ReferenceArgument, ToolDocument } from "../../environment/environment.ts";
import type { Json } from "../../json.ts";
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
  const draft = card.kind === "lookup" ? lookupDraft(candidate, card) : calculatorDraft(card, operandCount);
  const { runtime } = candidate;
  return runtime === undefined ? draft : { ...draft, runtime };
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
  const { first, others, names } = operandShapes[card.operation];
  const leading = Object.keys(first);
  const operands = names ?? operandNames.slice(0, operandCount - leading.length);
  const properties = Object.fromEntries([
    ...Object.entries(first).map(([name, kind]) => [name, operandSchemas[kind]] as const),
    ...operands.map((name) => [name, operandSchemas[others]] as const),
  ]);
  return {
    document: documentOf(card, properties, [...leading, ...operands]),
    behaviour: { kind: "calculate", operation: card.operation, first: leading, operands, modifiers: [] },
    cards: [card.id],
    calls: {},
  };
}

const operandNames = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] as const;

const operandSchemas: Readonly<Record<OperandKind, Readonly<Record<string, Json>>>> = {
  number: { type: "number" },
  days: { type: "integer" },
  date: { type: "string", format: "date" },
};

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
  const names =
    behaviour.kind === "lookup"
      ? behaviour.key
      : [...behaviour.first, ...(behaviour.operands as readonly string[])];
  return Object.fromEntries(names.map((name, i) => [name, operands[i]!]));
}
