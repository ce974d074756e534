/** What the `compact` profile promises of every environment: a prompt of at most 500 tokens. */
import type { Environment, ToolDocument } from "../environment/environment.ts";

/** Raised when another environment keeps its profile. */
export const profileVersion = 1;

/**
 * Characters of documents and question that a `compact` prompt may have: 400 tokens of SmolLM2's tokenizer at its 3.8
 * characters a token, which leaves a chat template 100 of the 500. Core knows no tokenizer; a test counts the tokens.
 */
export const compactCharacters = 1_500;

export const promptCharacters = (question: string, documents: readonly ToolDocument[]): number =>
  question.length +
  JSON.stringify(documents.map((document) => ({ type: "function", function: document }))).length;

/** What of its profile an environment does not keep; repairs word questions and tools anew, and may make them longer. */
export function profileFault({ profile, question, tools }: Environment): string | undefined {
  if (profile !== "compact") return undefined;
  const characters = promptCharacters(
    question,
    tools.map(({ document }) => document),
  );
  return characters > compactCharacters
    ? `question and documents have ${characters} characters, more than the ${compactCharacters} of a compact prompt`
    : undefined;
}
