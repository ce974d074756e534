import { describe, expect, it } from "vitest";
import { readAssignments } from "./assignments.ts";

describe("assignments on the command line", () => {
  it("are numbers, booleans and objects where they read as such, and text otherwise", () => {
    expect(
      readAssignments(["learningRate=1e-5", "shuffleRewards=true", "reward=solve-p", "title=a=b"], "--set"),
    ).toEqual({ learningRate: 0.00001, shuffleRewards: true, reward: "solve-p", title: "a=b" });
  });

  it.each(["learningRate", "=1", "learningRate="])("'%s' is refused with an example", (argument) => {
    expect(() => readAssignments([argument], "--set")).toThrow(
      `--set "${argument}": expected a name and a value, for example learningRate=1e-5`,
    );
  });

  it("name each thing once: of two values nobody knows which was meant", () => {
    expect(() => readAssignments(["learningRate=1e-5", "learningRate=1e-4"], "--set")).toThrow(
      `--set "learningRate=1e-4": 'learningRate' is given twice; leave one out`,
    );
  });
});
