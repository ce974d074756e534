import { describe, expect, it } from "vitest";
import { calculate, composeAnswer } from "./composition.ts";

describe("composeAnswer", () => {
  const answers = { q1: "12.5", q2: "100", q3: "7" };

  it("takes one answer as it is and joins several with a comma", () => {
    expect(composeAnswer({ kind: "answer", of: "q2" }, { q2: "Paris" })).toBe("Paris");
    expect(composeAnswer({ kind: "list", of: ["q1", "q2"] }, { q1: "Paris", q2: "Rome" })).toBe(
      "Paris, Rome",
    );
  });

  it("names the option with the extreme value", () => {
    const of = ["q1", "q2", "q3"];
    const labels = ["iron", "gold", "lead"];
    expect(composeAnswer({ kind: "argmax", of, labels }, answers)).toBe("gold");
    expect(composeAnswer({ kind: "argmin", of, labels }, answers)).toBe("lead");
  });

  it("adds, and subtracts without a sign", () => {
    expect(composeAnswer({ kind: "sum", of: ["q1", "q2"] }, answers)).toBe("112.5");
    expect(composeAnswer({ kind: "difference", of: ["q1", "q2"] }, answers)).toBe("87.5");
  });

  it("gives nothing for a missing answer, a word among numbers, or a tie", () => {
    expect(composeAnswer({ kind: "list", of: ["q1", "q9"] }, answers)).toBeUndefined();
    expect(composeAnswer({ kind: "sum", of: ["q1", "q2"] }, { q1: "1", q2: "two" })).toBeUndefined();
    expect(
      composeAnswer({ kind: "argmax", of: ["a", "b"], labels: ["x", "y"] }, { a: "5", b: "5" }),
    ).toBeUndefined();
  });
});

describe("calculate", () => {
  it("rounds away the noise of binary fractions", () => {
    expect(calculate("sum", [0.1, 0.2])).toBe(0.3);
    expect(calculate("difference", [0.3, 0.1])).toBe(0.2);
    expect(calculate("product", [3, 4])).toBe(12);
    expect(calculate("mean", [1, 2])).toBe(1.5);
  });
});
