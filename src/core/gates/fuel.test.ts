import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate } from "../../../tests/support/small-world.ts";
import type { ToolOutcome } from "../ports/sandbox.ts";
import { fuelGate } from "./fuel.ts";

const subject = caseOf(chainCandidate);
const judged = (...fuel: readonly number[]) =>
  fuelGate
    .plan(subject)
    .judge(fuel.map((steps): ToolOutcome => ({ kind: "returned", text: "", fuel: steps })));

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
});
