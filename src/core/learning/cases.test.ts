import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseInput } from "../experiment/parse.ts";
import { evaluateLossCase, lossCaseSchema } from "./cases.ts";

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
    expect(
      worst(evaluateLossCase(lossCaseSchema.parse(JSON.parse(line))), { kl, advantages, losses }),
    ).toBeLessThan(1e-6);
  });

  it("refuses a case whose lists disagree, naming the field", () => {
    const refused = (changed: object) => () =>
      parseInput(lossCaseSchema, { ...JSON.parse(lines[2]!), ...changed }, "line 3", "correct the case");
    expect(refused({ score: [1e200] })).toThrow("field 'score.0' = 1e+200");
    expect(refused({ score: [1] })).toThrow(
      "line 3: field 'score' = [1]: has 1 entries for 2 responses\ncorrect the case",
    );
    expect(refused({ logprob: [[-1], [-1]] })).toThrow(
      "line 3: field 'logprob.0' = [-1]: has 1 tokens where lengths says",
    );
  });
});
