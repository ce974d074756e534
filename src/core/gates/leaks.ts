/** No answer can be read off the question or the documents. A comparison names its options. */
import { answersOf, type ToolDocument } from "../environment/environment.ts";
import type { Json } from "../json.ts";
import { answerMatches } from "../reward/match.ts";
import { type Leaf, leavesOf } from "./arguments.ts";
import { type Finding, findingOf, passes, type StaticGate } from "./gate.ts";
import { givenAwayIn } from "./given-away.ts";

export const questionLeakGate: StaticGate = {
  kind: "static",
  gate: "question-leak",
  version: 4,
  judge: ({ environment }) => {
    const { question, answer, subQuestions, composition } = environment;
    const compares = composition.kind === "argmax" || composition.kind === "argmin";
    const secrets = [...subQuestions.map((sub) => sub.answer), ...(compares ? [] : [answer])];
    // Within a longer word as well: who says the question back would be taken to have answered it.
    const isGiven = givenAwayIn(question);
    const faults = [...new Set(secrets)].flatMap((secret) => {
      if (answerMatches(secret, question)) return [`'${secret}' stands in the question`];
      return isGiven(secret) ? [`'${secret}' stands in the question, written otherwise`] : [];
    });
    if (faults.length > 0) return findingOf(faults, "");
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
  version: 6,
  judge: ({ environment }) => {
    const secrets = answersOf(environment);
    const found = environment.tools.flatMap(({ document }) =>
      secrets
        .filter(givenAwayIn(textOf(document)))
        .map((secret) => ({ name: document.name, text: `${document.name}: its document holds '${secret}'` })),
    );
    return findingOf(
      found.map(({ text }) => text),
      `${secrets.length} answers not in ${environment.tools.length} documents`,
      found.map(({ name }) => name),
    );
  },
};

/**
 * Names, descriptions, enums, defaults and limits as they are, not as JSON escapes them: an answer may hold a quote. Of
 * JSON Schema's own words, which are no document's, none.
 */
const textOf = (document: ToolDocument): string =>
  leavesOf(document as unknown as Json)
    .flatMap(({ path, value }) => {
      const own = ownSteps(path);
      return path.at(-1) === "type" && !own.at(-1)
        ? []
        : [[...path.filter((_, i) => own[i]), value].join(": ")];
    })
    .join(" ; "); // what follows is another text: a choice and the next name are no two words of one

/** Which steps are the document's own: names of parameters, and of members of a default or a choice. */
function ownSteps(path: Leaf["path"]): boolean[] {
  let within: "schema" | "names" | "value" = "schema";
  return path.map((step) => {
    const isOwn = within !== "schema" && typeof step === "string";
    if (within === "names") within = "schema";
    else if (within === "schema" && step === "properties") within = "names";
    else if (within === "schema" && (step === "default" || step === "enum")) within = "value";
    return isOwn;
  });
}
