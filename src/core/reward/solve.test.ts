import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countUnsolved } from "../trajectory/trajectory.ts";
import { solveTurn } from "./solve.ts";

describe("solveTurn", () => {
  it("lets a call consume one answer of its own tool", () => {
    const unsolved = { population: ["2,102,650", "709,037"], currency: ["Euro"] };
    expect(solveTurn(unsolved, [{ name: "population", output: "709037 and 2102650" }])).toEqual({
      unsolved: { population: ["709,037"], currency: ["Euro"] },
      solvedPerCall: ["2,102,650"],
    });
  });

  it("gives nothing for another tool's answer, an unknown tool, a repeated call or no output", () => {
    const calls = [
      { name: "population", output: "Euro" },
      { name: "constructor", output: "Euro" },
      { name: "currency", output: null },
      { name: "currency", output: "Euro" },
      { name: "currency", output: "Euro" },
    ];
    expect(solveTurn({ currency: ["Euro"] }, calls)).toEqual({
      unsolved: { currency: [] },
      solvedPerCall: [null, null, null, "Euro", null],
    });
  });

  it("consumes two equal answers by two calls", () => {
    const twice = { name: "flag", output: "True" };
    expect(solveTurn({ flag: ["True", "True"] }, [twice, twice]).unsolved).toEqual({ flag: [] });
  });

  it("leaves the set it was given as it was, and neither makes up nor loses an answer", () => {
    const word = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(
        fc.dictionary(word, fc.array(word)),
        fc.array(fc.record({ name: word, output: fc.string({ unit: word }) })),
        (unsolved, calls) => {
          const before = structuredClone(unsolved);
          const after = solveTurn(unsolved, calls);
          const solved = after.solvedPerCall.filter((answer) => answer !== null).length;
          expect(unsolved).toEqual(before);
          expect(after.solvedPerCall).toHaveLength(calls.length);
          expect(countUnsolved(after.unsolved) + solved).toBe(countUnsolved(unsolved));
        },
      ),
    );
  });
});
