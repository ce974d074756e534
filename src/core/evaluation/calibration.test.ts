import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandOf, calibrated, isKept, passAtK, summaryOf } from "./calibration.ts";
import type { EvaluatedEnvironment } from "./metrics.ts";

const outcome = (solved: number, isAnswerRight: boolean): EvaluatedEnvironment => ({
  environment: "e",
  entity: "country:FR",
  scenario: "multi_hop",
  calls: 2,
  solved,
  subAnswers: 2,
  isAnswerRight,
});

describe("pass@k", () => {
  it("is the chance that k of the n samples, drawn without replacement, hold one that passed", () => {
    expect(passAtK(8, 2, 1)).toBeCloseTo(2 / 8, 12);
    // 1 - (6 * 5) / (8 * 7)
    expect(passAtK(8, 2, 2)).toBeCloseTo(26 / 56, 12);
    expect(passAtK(8, 0, 8)).toBe(0);
    expect(passAtK(8, 1, 8)).toBe(1);
  });

  it("grows with k and with what passed, and is pass@1 = c / n", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(64), fc.nat(64), (n, someC, someK) => {
        const [c, k] = [someC % (n + 1), 1 + (someK % n)];
        const rate = passAtK(n, c, k);
        expect(passAtK(n, c, 1)).toBeCloseTo(c / n, 9);
        expect(rate).toBeGreaterThanOrEqual(c / n - 1e-9);
        expect(rate).toBeLessThanOrEqual(1);
        if (c < n) expect(passAtK(n, c + 1, k)).toBeGreaterThanOrEqual(rate);
      }),
    );
  });
});

describe("the difficulty", () => {
  it.each([
    [0, "never"],
    [1, "hard"],
    [2, "hard"],
    [3, "medium"],
    [5, "medium"],
    [6, "easy"],
    [7, "easy"],
    [8, "always"],
  ])("of %i of 8 is '%s'", (passed, band) => {
    expect(bandOf(8, passed)).toBe(band);
  });
});

describe("a calibrated environment", () => {
  const one = calibrated(
    [outcome(2, true), outcome(2, false), outcome(1, true), outcome(0, false)],
    [outcome(0, true), outcome(0, false)],
  );

  it("passes where every sub-question is solved and the answer is stated", () => {
    expect(one).toEqual({
      environment: "e",
      samples: 4,
      passed: 1,
      passAt: { 1: 0.25, 2: 0.5, 4: 1 },
      band: "hard",
      solveF1: (1 + 1 + 0.5 + 0) / 4,
      blindSamples: 2,
      answeredBlind: 1,
    });
  });

  it("is kept where it is as hard as wanted and not known by heart", () => {
    expect(isKept(one, { difficulty: ["hard"], mostAnsweredBlind: 0.5 })).toBe(true);
    expect(isKept(one, { difficulty: ["hard"], mostAnsweredBlind: 0.4 })).toBe(false);
    expect(isKept(one, { difficulty: ["easy"], mostAnsweredBlind: 1 })).toBe(false);
  });

  it("counts in its band", () => {
    const never = calibrated([outcome(0, false)], []);
    expect(summaryOf([one, never])).toEqual({
      environments: 2,
      passAt1: 0.125,
      bands: { never: 1, hard: 1, medium: 0, easy: 0, always: 0 },
      answeredBlind: 1,
    });
  });
});
