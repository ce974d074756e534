import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, comparisonCandidate } from "../../../tests/support/small-world.ts";
import type { SubQuestion } from "../environment/environment.ts";
import { answerShapeGate } from "./answer-shape.ts";

const withAnswer = (answer: string, answerType: SubQuestion["answerType"]) => {
  const { environment, tables } = caseOf(chainCandidate);
  const subQuestions = environment.subQuestions.map((sub, i) =>
    i === 1 ? { ...sub, answer, answerType } : sub,
  );
  return judge(answerShapeGate, { environment: { ...environment, subQuestions }, tables });
};

describe("the answer shape gate", () => {
  it("passes typed answers of three characters and more", async () => {
    expect((await judge(answerShapeGate, caseOf(chainCandidate))).verdict).toBe("pass");
    expect((await judge(answerShapeGate, caseOf(comparisonCandidate))).verdict).toBe("pass");
    expect((await withAnswer("1998-07", "date")).verdict).toBe("pass");
  });

  it("refuses what almost any text contains", async () => {
    expect((await withAnswer("a", "string")).evidence).toContain("'a' has a piece of under 3 characters");
    expect((await withAnswer("1,2", "number")).evidence).toContain("'1,2' has a piece");
    expect((await withAnswer("Lyon, UK", "list")).evidence).toContain("'Lyon, UK' has a piece");
  });

  it("refuses answers that are not of their type, or are several", async () => {
    expect((await withAnswer("many", "number")).evidence).toBe("q2: 'many' is no number");
    expect((await withAnswer("last May", "date")).evidence).toBe("q2: 'last May' is no ISO date");
    for (const day of ["2021-13-45", "2021-02-30", "2021-00"])
      expect((await withAnswer(day, "date")).evidence).toBe(`q2: '${day}' is no ISO date`);
    expect((await withAnswer("Paris, Texas", "string")).evidence).toContain(
      "would be matched as several answers",
    );
  });
});
