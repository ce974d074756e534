import { describe, expect, it } from "vitest";
import { parkAdvice } from "./park-advice.ts";
import type { Trip } from "./tripwires.ts";

const trip: Trip = {
  measure: "KL to the reference",
  value: 12,
  limit: 10,
  blames: "policy",
  setting: "maxKl",
  sentence: "KL to the reference is 12, above tripwires.maxKl = 10",
};
const parked = { run: "mine", stage: "rl", iteration: 4, kept: 2, recoveries: 1, learningRate: 0.001 };

describe("what a parked training tells", () => {
  it("names what tripped, and the commands that help", () => {
    expect(parkAdvice(trip, parked)).toBe(
      "iteration 4 of rl is not committed, KL to the reference is 12, above tripwires.maxKl = 10, after 1 recovery; it goes on after iteration 2, for example slower: npx ratchet set mine learningRate=0.0005, or with another limit: npx ratchet set mine tripwires.maxKl=VALUE, or try it beside this run: npx ratchet fork mine --stage rl --at-iteration 2 --set learningRate=0.0005",
    );
  });

  it("offers no limit for what must be finite, and no fork of nothing", () => {
    const { setting: _, ...endless } = { ...trip, sentence: "loss is NaN" };
    expect(parkAdvice(endless, { ...parked, iteration: 1, kept: 0, recoveries: 0 })).toBe(
      "iteration 1 of rl is not committed, loss is NaN; it goes on after iteration 0, for example slower: npx ratchet set mine learningRate=0.0005",
    );
  });
});
