import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chainCandidate, comparisonCandidate, sumCandidate } from "../../../../tests/support/small-world.ts";
import type { Candidate } from "../candidate.ts";
import { decompose } from "./decompose.ts";

describe("decompose", () => {
  it("makes a dependency of every operand that is an answer, and of nothing else", () => {
    const { subQuestions, scenario, answer } = decompose(sumCandidate);
    expect(subQuestions.map(({ id, dependsOn }) => [id, dependsOn])).toEqual([
      ["q1", []],
      ["q2", []],
      ["q3", ["q1", "q2"]],
    ]);
    expect(scenario).toBe("parallel_multi_hop");
    expect(answer).toBe("128711678");
  });

  it("composes the final answer from the sub-answers", () => {
    expect(decompose(comparisonCandidate).answer).toBe("Ethiopia");
    expect(decompose(chainCandidate).answer).toBe("EUR");
  });

  it("puts facts in an order that respects the DAG, whatever order they were planned in", () => {
    const facts = [...chainCandidate.facts].reverse();
    expect(decompose({ ...chainCandidate, facts }).subQuestions.map(({ id }) => id)).toEqual(["q1", "q2"]);
  });

  it("leaves a cycle for the gates to refuse", () => {
    const [first, second] = chainCandidate.facts;
    const facts = [{ ...first!, operands: [{ from: "q2" }] }, second!];
    expect(decompose({ ...chainCandidate, facts }).subQuestions).toHaveLength(2);
  });

  it("orders any DAG so that what is needed comes first", () => {
    const edges = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(edges, fc.nat(1000), (needs, shuffle) => {
        const facts: Candidate["facts"] = needs.map((earlier, i) => ({
          ...chainCandidate.facts[0]!,
          id: `q${i + 1}`,
          operands: earlier.filter((j) => j < i).map((j) => ({ from: `q${j + 1}` })),
        }));
        const rotated = [...facts.slice(shuffle % facts.length), ...facts.slice(0, shuffle % facts.length)];
        const { subQuestions } = decompose({ ...chainCandidate, facts: rotated });
        const position = new Map(subQuestions.map(({ id }, i) => [id, i]));
        for (const { id, dependsOn } of subQuestions)
          for (const needed of dependsOn) expect(position.get(needed)!).toBeLessThan(position.get(id)!);
      }),
    );
  });
});
