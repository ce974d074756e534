import { describe, expect, it } from "vitest";
import { composeAnswer } from "./composition.ts";

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

  it("averages and counts", () => {
    expect(composeAnswer({ kind: "mean", of: ["q1", "q2"] }, answers)).toBe("56.25");
    expect(composeAnswer({ kind: "count_above", of: ["q1", "q2", "q3"], threshold: 10 }, answers)).toBe(
      "2 of 3",
    );
  });

  it("steps through the calendar", () => {
    const dates = { q1: "1999-01-01", q2: "2002-02-17" };
    expect(composeAnswer({ kind: "days_between", of: ["q1", "q2"] }, dates)).toBe("1143");
    expect(composeAnswer({ kind: "date_after", of: "q1", days: 100 }, dates)).toBe("1999-04-11");
    expect(composeAnswer({ kind: "date_after", of: "q9", days: 100 }, dates)).toBeUndefined();
  });

  it("gives nothing for a missing answer, a word among numbers, or a tie", () => {
    expect(composeAnswer({ kind: "list", of: ["q1", "q9"] }, answers)).toBeUndefined();
    expect(composeAnswer({ kind: "sum", of: ["q1", "q2"] }, { q1: "1", q2: "two" })).toBeUndefined();
    expect(
      composeAnswer({ kind: "argmax", of: ["a", "b"], labels: ["x", "y"] }, { a: "5", b: "5" }),
    ).toBeUndefined();
  });
});
