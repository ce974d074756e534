import { describe, expect, it } from "vitest";
import type { Calibration } from "../../core/evaluation/calibration.ts";
import { calibrationLine, difficultyLine } from "./describe.ts";

const one = { samples: 8, blindSamples: 4, solveF1: 0.4 };
const calibration: Calibration = {
  format: "ratchet.calibration.v1",
  set: "a".repeat(64),
  policy: "b".repeat(64),
  policyName: "tiny",
  environments: [
    { ...one, environment: "e1", passed: 2, passAt: { 1: 0.25, 8: 1 }, band: "hard", answeredBlind: 1 },
    { ...one, environment: "e2", passed: 0, passAt: { 1: 0, 8: 0 }, band: "never", answeredBlind: 0 },
  ],
};

describe("a calibration", () => {
  it("is a line beside its set", () => {
    expect(calibrationLine(calibration)).toBe(
      "calibrated by tiny: pass@1 0.13 (8 samples); 1 never, 1 hard, 0 medium, 0 easy, 0 always; 1 answered without tools",
    );
  });

  it("is a line beside each environment it covers", () => {
    expect(difficultyLine(calibration, "e1")).toBe(
      "hard for tiny: 2 of 8 samples pass, pass@8 1.00, Solve-F1 0.40; 1 of 4 answer without tools",
    );
    expect(difficultyLine(calibration, "e3")).toBeUndefined();
  });
});
