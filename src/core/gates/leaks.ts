/** No answer can be read off the question or the documents. A comparison names its options. */
import type { Environment, ToolDocument } from "../environment/environment.ts";
import type { Json } from "../json.ts";
import { answerMatches } from "../reward/match.ts";
import { leavesOf } from "./arguments.ts";
import { type Finding, findingOf, passes, type StaticGate } from "./gate.ts";

export const questionLeakGate: StaticGate = {
  kind: "static",
  gate: "question-leak",
  version: 2,
  judge: ({ environment }) => {
    const { question, answer, subQuestions, composition } = environment;
    const compares = composition.kind === "argmax" || composition.kind === "argmin";
    const secrets = [...subQuestions.map((sub) => sub.answer), ...(compares ? [] : [answer])];
    const found = [...new Set(secrets)].filter((secret) => answerMatches(secret, question));
    if (found.length > 0)
      return findingOf(
        found.map((secret) => `'${secret}' stands in the question`),
        "",
      );
    return compares
      ? optionsFinding(composition.labels, question)
      : passes(`${secrets.length} answers not in the question`);
  },
};

function optionsFinding(labels: readonly string[], question: string): Finding {
  const options = [...new Set(labels)];
  const unnamed = options.filter((label) => !answerMatches(label, question));
  return findingOf(
    unnamed.map((label) => `option '${label}' is not named`),
    `comparison of ${options.length} named options`,
  );
}

export const documentLeakGate: StaticGate = {
  kind: "static",
  gate: "document-leak",
  version: 2,
  judge: ({ environment }) => {
    const secrets = secretsOf(environment);
    const found = environment.tools.flatMap(({ document }) => {
      const text = textOf(document);
      return secrets
        .filter((secret) => answerMatches(secret, text))
        .map((secret) => ({ name: document.name, text: `${document.name}: its document holds '${secret}'` }));
    });
    return findingOf(
      found.map(({ text }) => text),
      `${secrets.length} answers not in ${environment.tools.length} documents`,
      found.map(({ name }) => name),
    );
  },
};

/** Names, descriptions, enums, defaults and limits as they are, not as JSON escapes them: an answer may hold a quote. */
const textOf = (document: ToolDocument): string =>
  leavesOf(document as unknown as Json)
    .map(({ path, value }) => [...path.filter((step) => typeof step === "string"), value].join(": "))
    .join("\n");

const secretsOf = ({ subQuestions, answer }: Environment) => [
  ...new Set([...subQuestions.map((sub) => sub.answer), answer]),
];
