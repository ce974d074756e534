import { describe, expect, it } from "vitest";
import { describeNumericsChange, threadsInForce } from "./held-numerics.ts";

describe("threadsInForce", () => {
  it("are the input's, any while a change is asked for, and the recorded ones after it", () => {
    expect(threadsInForce(undefined, 2)).toBe(2);
    expect(threadsInForce({ numerics: { threads: 4 }, change: "none" }, 2)).toBe(2);
    expect(threadsInForce({ numerics: { threads: 4 }, change: "asked" }, 2)).toBeNull();
    expect(threadsInForce({ numerics: { threads: 4 }, change: "given" }, 2)).toBe(4);
  });
});

describe("describeNumericsChange", () => {
  it("says after which update what changed from what to what", () => {
    const change = { run: "r", from: { threads: 2, node: 20 }, to: { threads: 4, node: 20 } };
    expect(describeNumericsChange({ ...change, after: { stage: "rl", branch: 0, iteration: 3 } })).toBe(
      "numerics changed after rl, iteration 3: threads 2 -> 4",
    );
    expect(describeNumericsChange({ ...change, after: { stage: "rl", branch: 1, iteration: 3 } })).toBe(
      "numerics changed after rl, iteration 3 of branch 1: threads 2 -> 4",
    );
    expect(describeNumericsChange({ ...change, from: { threads: 2 }, after: null })).toBe(
      "numerics changed before the first update: threads 2 -> 4",
    );
  });
});
