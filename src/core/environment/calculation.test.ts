import { describe, expect, it } from "vitest";
import { calculate, dateOf, operandKinds } from "./calculation.ts";

describe("calculate", () => {
  it("rounds away the noise of binary fractions", () => {
    expect(calculate("sum", [0.1, 0.2])).toBe("0.3");
    expect(calculate("difference", [0.3, 0.1])).toBe("0.2");
    expect(calculate("product", [3, 4])).toBe("12");
    expect(calculate("mean", [1, 2])).toBe("1.5");
  });

  it("counts what is greater than the threshold, and says of how many", () => {
    expect(calculate("count_above", [10, 4, 10, 11, 12])).toBe("2 of 4");
  });

  it("counts days over leap years, in either direction", () => {
    expect(calculate("days_between", ["1999-12-31", "2000-03-01"])).toBe("61");
    expect(calculate("days_between", ["2000-03-01", "1999-12-31"])).toBe("61");
    expect(calculate("days_between", ["1900-02-28", "1900-03-01"])).toBe("1");
  });

  it("adds days to a date, over the ends of months and years", () => {
    expect(calculate("date_after", ["1999-12-31", 60])).toBe("2000-02-29");
    expect(calculate("date_after", ["1960-01-01", 365])).toBe("1960-12-31");
  });

  it("gives nothing for a date that four digits of a year cannot write", () => {
    expect(calculate("date_after", ["9999-12-30", 1])).toBe("9999-12-31");
    expect(calculate("date_after", ["9999-12-31", 1])).toBeUndefined();
    expect(calculate("date_after", ["0000-01-01", -1])).toBeUndefined();
    expect(calculate("date_after", ["2000-01-01", 1_000_000_000])).toBeUndefined();
  });

  it("gives nothing for what is no operand of its kind, or missing", () => {
    expect(calculate("days_between", ["2001-02-29", "2001-03-01"])).toBeUndefined();
    expect(calculate("days_between", ["2001-02-28"])).toBeUndefined();
    expect(calculate("date_after", ["2001-02-28", 0.5])).toBeUndefined();
    expect(calculate("sum", [1, Number.NaN])).toBeUndefined();
    expect(calculate("count_above", [1])).toBeUndefined();
    expect(calculate("sum", [])).toBeUndefined();
  });
});

it("knows the kinds of operands by their place", () => {
  expect(operandKinds("count_above", 3)).toEqual(["number", "number", "number"]);
  expect(operandKinds("date_after", 2)).toEqual(["date", "days"]);
  expect(dateOf(11_016)).toBe("2000-02-29");
});
