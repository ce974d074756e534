/** Answers are long enough for substring matching to mean something, and of the type they claim. */
import type { SubQuestion } from "../environment/environment.ts";
import { normalizeAnswer } from "../reward/match.ts";
import { findingOf, type StaticGate } from "./gate.ts";

/** FTRL's test set has 63 final answers of 1 or 2 characters, which almost any sentence contains. */
const leastCharacters = 3;

export const answerShapeGate: StaticGate = {
  kind: "static",
  gate: "answer-shape",
  version: 2,
  judge: ({ environment: { answer, subQuestions } }) => {
    const short = [answer, ...subQuestions.map((sub) => sub.answer)].filter((text) =>
      text.split(", ").some((piece) => normalizeAnswer(piece).length < leastCharacters),
    );
    return findingOf(
      [
        ...short.map((text) => `'${text}' has a piece of under ${leastCharacters} characters`),
        ...subQuestions.flatMap(typeFaults),
      ],
      `${subQuestions.length} typed answers of at least ${leastCharacters} characters`,
    );
  },
};

function typeFaults({ id, answer, answerType }: SubQuestion): string[] {
  switch (answerType) {
    case "number":
      return Number.isFinite(Number(answer)) ? [] : [`${id}: '${answer}' is no number`];
    case "date":
      return isDate(answer) ? [] : [`${id}: '${answer}' is no ISO date`];
    case "string":
      return answer.includes(", ") ? [`${id}: '${answer}' would be matched as several answers`] : [];
    case "list":
      return [];
  }
}

/** A year, a month of one or a day, each of which there has to be. */
function isDate(text: string): boolean {
  const ms = /^\d{4}(-\d{2}(-\d{2})?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}
