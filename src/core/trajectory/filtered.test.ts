import { describe, expect, it } from "vitest";
import type { EvaluatedEnvironment } from "../evaluation/metrics.ts";
import { passes, trajectoryRow } from "./filtered.ts";
import type { Turn } from "./trajectory.ts";

const turn = (from: number, length: number) => ({ from, length }) as Turn;

describe("a trajectory as a row", () => {
  it("trains on what the policy said, turn by turn, and on nothing that a tool answered", () => {
    const tokens = [1, 2, 3, 10, 11, 50, 51, 52, 12, 13, 14, 60];
    expect(trajectoryRow({ tokens, turns: [turn(3, 2), turn(8, 3)] })).toEqual({
      prompt: [1, 2, 3],
      response: [10, 11, 50, 51, 52, 12, 13, 14],
      mask: [1, 1, 0, 0, 0, 1, 1, 1],
      advantages: [1, 1, 1, 1, 1, 1, 1, 1],
    });
  });
});

describe("a filter", () => {
  const outcome = (calls: number, solved: number, isAnswerRight: boolean): EvaluatedEnvironment => ({
    environment: "e",
    entity: "France",
    scenario: "single_hop",
    calls,
    solved,
    subAnswers: 2,
    isAnswerRight,
  });

  it("passes trajectories of that Solve-F1 or more", () => {
    const filter = { minSolveF1: 0.8, answerRight: false };
    // Solve-F1 of 2 solved in 3 calls, of 2 sub-answers: 4 / 5.
    expect(passes(outcome(3, 2, false), filter)).toBe(true);
    expect(passes(outcome(4, 2, false), filter)).toBe(false);
    expect(passes(outcome(0, 0, false), { ...filter, minSolveF1: 0 })).toBe(true);
  });

  it("asks for the right answer where it is told to", () => {
    const filter = { minSolveF1: 1, answerRight: true };
    expect(passes(outcome(2, 2, false), filter)).toBe(false);
    expect(passes(outcome(2, 2, true), filter)).toBe(true);
  });
});
