import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, sumCandidate, withTool } from "../../../tests/support/small-world.ts";
import { staticCodeGate } from "./static-code.ts";

const sound = caseOf(chainCandidate);
const withLine = (line: string) =>
  judge(
    staticCodeGate,
    withTool(sound, "get_money", ({ code }) => ({ code: code.replace("{\n", `{\n  ${line}\n`) })),
  );

describe("the static code gate", () => {
  it("passes generated code, complex code too", async () => {
    expect((await judge(staticCodeGate, sound)).verdict).toBe("pass");
    const levels = { ...sumCandidate.levels, parameters: 12, generalization: 2, parameterTypes: 2 as const };
    expect((await judge(staticCodeGate, caseOf({ ...sumCandidate, levels }))).verdict).toBe("pass");
  });

  it.each([
    ["const now = Date.now();", "names 'Date'"],
    ["const luck = Math.random();", "reads '.random'"],
    ["const home = process.env.HOME;", "names 'process'"],
    ["const all = globalThis;", "names 'globalThis'"],
    ["const fs = require('node:fs');", "names 'require'"],
    ["const two = eval('1 + 1');", "names 'eval'"],
    ["const made = new Function('return 1');", "names 'Function'"],
    ["const made = [].constructor;", "reads '.constructor'"],
    ["const made = []['constructor'];", "reads '.constructor'"],
    ["const self = this;", "uses ThisExpression"],
    ["const later = import('x');", "uses ImportExpression"],
    ["fetch('http://example.org');", "names 'fetch'"],
  ])("refuses %s", async (line, evidence) => {
    expect((await withLine(line)).evidence).toContain(evidence);
  });

  it("refuses an answer that stands in the code, alone or in a sentence", async () => {
    expect((await withLine('if (country === "France") return "EUR";')).evidence).toContain(
      "holds the answer 'EUR'",
    );
    expect((await withLine("const hint = `Pay in eur there`;")).evidence).toContain("holds the answer 'EUR'");
  });
});
