import { describe, expect, it } from "vitest";
import { parseInput } from "../experiment/parse.ts";
import { ftrlRowSchema } from "./ftrl-row.ts";

const row = { codes: "{}", unsolved_set: "{}", solve_rate: 0, response: "" };
const read = (fields: object) => parseInput(ftrlRowSchema, { ...row, ...fields }, "line 1", "mend it");

describe("a row of FTRL's data", () => {
  it("holds its tools and what they owe as JSON strings", () => {
    const { codes, unsolved_set } = read({ codes: '{"toString": "x"}', unsolved_set: '{"toString": ["1"]}' });
    expect([codes, unsolved_set]).toEqual([{ toString: "x" }, { toString: ["1"] }]);
    expect(() => read({ codes: {} })).toThrow("field 'codes'");
    expect(() => read({ codes: "{" })).toThrow("field 'codes' = \"{\": is no JSON text");
  });

  it("is refused where a tool's name would be dropped without a word, and its answers with it", () => {
    expect(() => read({ unsolved_set: '{"__proto__": ["1"]}' })).toThrow(
      'field \'unsolved_set\' = "{\\"__proto__\\": [\\"1\\"]}": has a member \'__proto__\'; give the tool another name',
    );
  });
});
