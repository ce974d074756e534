/** No answer can be read off the question or the documents. A comparison names its options, at least three of them. */
import type { Environment } from "../environment/environment.ts";
import { answerMatches } from "../reward/match.ts";
import { type Finding, findingOf, passes, type StaticGate } from "./gate.ts";

const leastOptions = 3;

export const questionLeakGate: StaticGate = {
  kind: "static",
  gate: "question-leak",
  version: 1,
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
  const options = new Set(labels);
  const faults = [
    ...(options.size < leastOptions ? [`only ${options.size} options; a guess is right too often`] : []),
    ...[...options]
      .filter((label) => !answerMatches(label, question))
      .map((label) => `option '${label}' is not named`),
  ];
  return findingOf(
    faults,
    `comparison of ${options.size} named options, guess rate ${(1 / options.size).toFixed(2)}`,
  );
}

export const documentLeakGate: StaticGate = {
  kind: "static",
  gate: "document-leak",
  version: 1,
  judge: ({ environment }) => {
    const secrets = secretsOf(environment);
    const found = environment.tools.flatMap(({ document }) => {
      const text = JSON.stringify(document);
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

const secretsOf = ({ subQuestions, answer }: Environment) => [
  ...new Set([...subQuestions.map((sub) => sub.answer), answer]),
];
