import { describe, expect, it } from "vitest";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import { createContaminationFinder } from "./contamination.ts";

const chain = caseOf(chainCandidate).environment;
const sum = caseOf(sumCandidate).environment;
/** As an import leaves it: no reference calls. */
const imported = (question: string, answers: readonly string[]): Environment => ({
  ...chain,
  question,
  answer: answers.at(-1)!,
  referenceCalls: [],
  subQuestions: answers.map((answer, i) => ({
    id: `q${i + 1}`,
    question: "",
    dependsOn: [],
    tool: "get_home",
    answer,
    answerType: "string",
  })),
});
const found = (rows: readonly Environment[], environment: Environment) =>
  createContaminationFinder([{ name: "benchmark/import", environments: rows }]).find(environment);
const long =
  "In which country lies the city that was founded by the general who lost the battle of the three rivers in autumn";

describe("an environment is contaminated", () => {
  it("by thirteen words in a row, or all of a shorter question, and the row is named", () => {
    const rows = [imported("What is the capital of Peru?", ["Lima"]), imported(long, ["Ruritania"])];
    expect(found(rows, { ...sum, question: `Tell me: ${long.toUpperCase()}, please?` })).toBe(
      "row 2 of 'benchmark/import': has the words 'in which country lies the city that was founded by the general who'",
    );
    expect(found(rows, { ...sum, question: "Using the tools, tell me: what is the capital of Peru" })).toBe(
      "row 1 of 'benchmark/import': has the words 'what is the capital of peru'",
    );
  });

  it("by nearly the same words", () => {
    const near = "is the name of the present capital of the republic of peru then";
    const row = imported(`${near} exactly`, ["Lima"]);
    const shorter = "name of the present capital of the republic of peru then exactly";
    expect(found([row], { ...sum, question: shorter })).toBe(
      "row 1 of 'benchmark/import': has nearly the same words",
    );
  });

  it("by the same sub-answers that lead to the same answer, in whatever words", () => {
    expect(found([imported("How does one pay around Lyon?", ["france", "eur"])], chain)).toBe(
      "row 1 of 'benchmark/import': has the same sub-answers and the same answer",
    );
  });

  it("by the same facts, where the row's calls are known", () => {
    expect(found([sum, { ...chain, question: "How does one pay around Lyon?" }], chain)).toBe(
      "row 2 of 'benchmark/import': asks the same as 'How does one pay around Lyon?'",
    );
  });
});

describe("an environment is not contaminated", () => {
  it("by another question of its template, where the row's calls are known", () => {
    const comparison = caseOf(comparisonCandidate).environment;
    expect(found([comparison], sum)).toBeUndefined();
  });

  it("by one answer in common, or by sub-answers that lead elsewhere", () => {
    expect(found([imported("Which currency has Spain?", ["EUR"])], chain)).toBeUndefined();
    expect(found([imported("Which country pays so?", ["EUR", "France"])], chain)).toBeUndefined();
  });
});
