import { describe, expect, it } from "vitest";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import type { Candidate } from "../synthesis/candidate.ts";
import { createDuplicateFinder, traitsOf } from "./near-duplicates.ts";

const environmentOf = (candidate: Candidate) => caseOf(candidate).environment;
const repetition = (first: Environment, second: Environment) => {
  const finder = createDuplicateFinder();
  finder.add(traitsOf(first));
  return finder.find(traitsOf(second))?.reason;
};
const chain = environmentOf(chainCandidate);

/** A plan in a row of `hops` facts, of which all but the last are the same for each `last`. */
function longChain(hops: number, question: string, last: string): Environment {
  const subQuestions = Array.from({ length: hops }, (_, i) => ({
    id: `q${i + 1}`,
    question: "?",
    dependsOn: i === 0 ? [] : [`q${i}`],
    tool: i === 0 ? "get_home" : "get_money",
    answer: i === hops - 1 ? last : `Place ${i}`,
    answerType: "string" as const,
  }));
  const referenceCalls = subQuestions.map(({ id, tool, dependsOn }) => ({
    subQuestion: id,
    tool,
    arguments: tool === "get_home" ? { city: { value: "Lyon" } } : { country: { from: dependsOn[0]! } },
  }));
  return { ...chain, question, subQuestions, referenceCalls, answer: last };
}

const asking = (thing: string) =>
  `Please tell me the ${thing} of the second largest neighbour of the oldest trading partner of the country in which the city of Lyon lies, and answer with its name alone, as it is commonly written in English today`;

describe("an environment repeats another", () => {
  it("that asks the same in other words and with other tools", () => {
    const levels = { ...chainCandidate.levels, generalization: 2, distractors: 0 };
    const reworded = { ...chainCandidate, question: "How does one pay around Lyon?", levels };
    expect(repetition(chain, environmentOf(reworded))).toBe(
      "asks the same as 'What is the currency of the country of Lyon?'",
    );
  });

  it("that has its words, however they are punctuated", () => {
    const question = "what is the currency of the country of Lyon";
    expect(repetition(chain, environmentOf({ ...sumCandidate, question }))).toContain("asks the same as");
  });

  it("that shares most of its facts and nearly all of its words", () => {
    const first = longChain(7, asking("currency"), "Euro");
    expect(repetition(first, longChain(7, asking("main currency"), "Franc"))).toMatch(
      /^75 % of the facts and \d\d % of the words as 'Please tell me the currency of/,
    );
  });

  it("that shares most of its facts, its documents and its code, whatever the words", () => {
    const first = longChain(7, asking("currency"), "Euro");
    expect(repetition(first, longChain(7, "How does one pay there?", "Franc"))).toBe(
      `75 % of the facts, 100 % of the documents and 100 % of the code as '${first.question}'`,
    );
  });
});

describe("an environment repeats no other", () => {
  it("where it asks for other facts in other words", () => {
    expect(repetition(chain, environmentOf(sumCandidate))).toBeUndefined();
  });

  it("where a template asks for another name, with the same tools", () => {
    const elsewhere = {
      ...comparisonCandidate,
      question: comparisonCandidate.question.replace("Norway", "France"),
      facts: comparisonCandidate.facts.map((fact) =>
        fact.id === "q2" ? { ...fact, operands: [{ value: "France" }], answer: "68374600" } : fact,
      ),
    };
    expect(repetition(environmentOf(comparisonCandidate), environmentOf(elsewhere))).toBeUndefined();
  });

  it("where most facts are shared and neither words nor tools are", () => {
    const first = longChain(7, asking("currency"), "Euro");
    const environment = longChain(7, "How does one pay there?", "Franc");
    const tools = environment.tools.map((tool) => ({
      ...tool,
      document: { ...tool.document, description: "Answers by post within three working days, at a fee." },
      code: "function other() { const whole = [1, 2, 3]; return whole.map((one) => one + 1).join(); }",
    }));
    expect(repetition(first, { ...environment, tools })).toBeUndefined();
  });
});

it("names the first of several that are alike", () => {
  const finder = createDuplicateFinder();
  const first = longChain(9, asking("currency"), "Euro");
  finder.add(traitsOf(first));
  finder.add(traitsOf(longChain(9, asking("present currency"), "Franc")));
  expect(finder.find(traitsOf(longChain(9, asking("only currency"), "Peso")))?.at).toBe(0);
});
