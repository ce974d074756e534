import { describe, expect, it } from "vitest";
import { type EvaluatedEnvironment, meanMetrics, measureEnvironment } from "./metrics.ts";

const outcome = (
  calls: number,
  solved: number,
  subAnswers: number,
  isAnswerRight = false,
): EvaluatedEnvironment => ({
  environment: "e",
  entity: "country:FR",
  scenario: "multi_hop",
  calls,
  solved,
  subAnswers,
  isAnswerRight,
});

describe("the metrics of one environment", () => {
  it.each([
    ["all solved, no call wasted", outcome(2, 2, 2, true), [1, 1, 1, 1, 1]],
    ["half the calls wasted", outcome(4, 2, 2), [0.5, 1, 2 / 3, 0, 0.5]],
    ["half of the sub-answers", outcome(1, 1, 2), [1, 0.5, 2 / 3, 0, 1]],
    ["calls that solve nothing", outcome(3, 0, 2), [0, 0, 0, 0, 0]],
    ["silence earns nothing, but FTRL's raw precision is 1", outcome(0, 0, 2), [0, 0, 0, 0, 1]],
  ])("%s", (_, given, [solveP, solveR, solveF1, answerAccuracy, rawSolveP]) => {
    expect(measureEnvironment(given)).toEqual({ solveP, solveR, solveF1, answerAccuracy, rawSolveP });
  });
});

describe("the means", () => {
  it("count environments alike, whatever their size", () => {
    expect(meanMetrics([outcome(1, 1, 1, true), outcome(0, 0, 5)])).toEqual({
      solveP: 0.5,
      solveR: 0.5,
      solveF1: 0.5,
      answerAccuracy: 0.5,
      rawSolveP: 1,
    });
  });

  it("of no environment are 0", () => {
    expect(meanMetrics([]).solveF1).toBe(0);
  });
});
