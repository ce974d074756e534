import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluateLossCase, parseLossCase } from "./cases.ts";

const lines = readFileSync("tests/fixtures/verl_policy_loss_cases.jsonl", "utf8").trim().split("\n");

/** Largest difference relative to max(1, |expected|); Infinity where the keys or lengths differ. */
function worst(actual: unknown, expected: unknown): number {
  if (typeof expected === "number")
    return typeof actual === "number"
      ? Math.abs(actual - expected) / Math.max(1, Math.abs(expected))
      : Infinity;
  const [a, e] = [actual, expected] as [Record<string, unknown>, Record<string, unknown>];
  if (Object.keys(a).sort().join() !== Object.keys(e).sort().join()) return Infinity;
  return Math.max(0, ...Object.keys(e).map((key) => worst(a[key], e[key])));
}

describe("policy-loss cases made by veRL", () => {
  it.each(lines.map((line, i) => [i, line] as const))("case %i agrees within 1e-6", (_, line) => {
    const { kl, advantages, losses } = JSON.parse(line);
    expect(worst(evaluateLossCase(parseLossCase(line, "case")), { kl, advantages, losses })).toBeLessThan(
      1e-6,
    );
  });

  it("refuses a case whose lists disagree, naming line and field", () => {
    const broken = { ...JSON.parse(lines[2]!), score: [1] };
    expect(() => parseLossCase(JSON.stringify(broken), "cases.jsonl line 3")).toThrow(
      "cases.jsonl line 3: field 'score': has 1 entries for 2 responses; correct the case",
    );
    const ragged = { ...JSON.parse(lines[2]!), logprob: [[-1], [-1]] };
    expect(() => parseLossCase(JSON.stringify(ragged), "x")).toThrow(
      "x: field 'logprob.0': has 1 tokens where",
    );
  });

  it("refuses what is not JSON", () => {
    expect(() => parseLossCase("{", "cases.jsonl line 1")).toThrow("cases.jsonl line 1 is not JSON");
  });
});
