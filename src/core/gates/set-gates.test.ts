import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, sumCandidate } from "../../../tests/support/small-world.ts";
import { judgeAsSet } from "./set-gates.ts";

const [chain, sum] = [caseOf(chainCandidate), caseOf(sumCandidate)];
const passed = { verdicts: [] };
const refused = {
  verdicts: [],
  failure: { gate: "oracle", finding: { verdict: "fail" as const, evidence: "wrong" } },
};
const refusals = (judged: ReturnType<typeof judgeAsSet>) => judged.map(({ failure }) => failure?.gate);

describe("environments beside each other", () => {
  it("are refused where an accepted one before them asks the same", () => {
    const subjects = [chain, sum, chain];
    expect(refusals(judgeAsSet(subjects, [passed, passed, passed], []))).toEqual([
      undefined,
      undefined,
      "near-duplicates",
    ]);
    expect(refusals(judgeAsSet(subjects, [refused, passed, passed], []))).toEqual([
      "oracle",
      undefined,
      undefined,
    ]);
  });

  it("are refused where a benchmark asks the same, and carry both verdicts", () => {
    const benchmarks = [{ name: "mine", environments: [sum.environment] }];
    const [first, second] = judgeAsSet([chain, sum], [passed, passed], benchmarks);
    expect(first!.verdicts).toEqual([
      { gate: "near-duplicates", version: 2, verdict: "pass", evidence: "none of 0 before asks the same" },
      { gate: "contamination", version: 2, verdict: "pass", evidence: "none of 1 rows asks the same" },
    ]);
    expect(second!.failure?.gate).toBe("contamination");
  });
});
