import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../../tests/support/small-world.ts";
import type { ToolOutcome } from "../ports/sandbox.ts";
import { fuelGate } from "./fuel.ts";

const subject = caseOf(chainCandidate);
const { invocations, judge } = fuelGate.plan(subject);
/** Calls not named take one step. */
const judged = (...fuel: readonly number[]) =>
  judge(invocations.map((_, i): ToolOutcome => ({ kind: "returned", text: "", fuel: fuel[i] ?? 1 })));

describe("the fuel gate", () => {
  it("passes calls that take at most half of a call's fuel, and says the most", () => {
    expect(judged(12, 500_000)).toEqual({ verdict: "pass", evidence: "at most 500000 of 1000000 steps" });
  });

  it("catches a tool near its limit", () => {
    expect(judged(12, 500_001)).toEqual({
      verdict: "fail",
      evidence: "get_money: q2 takes 500001 of 1000000 steps",
      tools: ["get_money"],
    });
  });

  it("catches one that comes near it where there is nothing to find", () => {
    const last = invocations.length - 1;
    const { verdict, evidence } = judged(...Array.from({ length: last }, () => 1), 500_001);
    expect([verdict, evidence]).toEqual([
      "fail",
      `${invocations[last]!.program.name}: a wrong call takes 500001 of 1000000 steps`,
    ]);
  });
});
