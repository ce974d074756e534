import { describe, expect, it } from "vitest";
import { evidence, judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, rigged, withTool } from "../../../tests/support/small-world.ts";
import { distractorsGate } from "./distractors.ts";

const sound = caseOf(chainCandidate);

describe("a tool that owns a sub-answer", () => {
  it("gives no other tool's: the country's currency beside the country", async () => {
    const generous = withTool(sound, "get_home", ({ table }) => ({
      table: table!,
      code: 'function get_home({ city }, table) { return table.rows[city.toLowerCase()].country + " (EUR)"; }',
    }));
    const finding = await judge(distractorsGate, generous);
    expect(finding).toMatchObject({ verdict: "fail", tools: ["get_home"] });
    expect(finding.evidence).toContain("gives 'EUR', which is another tool's to give");
  });

  it("gives it with no optional argument either", async () => {
    const optional = withTool(sound, "get_home", ({ document, table }) => ({
      document: {
        ...document,
        parameters: {
          ...document.parameters,
          properties: {
            ...document.parameters.properties,
            detail: { type: "boolean", default: false },
          },
        },
      },
      table: table!,
      code: 'function get_home({ city, detail = false }, table) { return table.rows[city.toLowerCase()].country + (detail ? " (EUR)" : ""); }',
    }));
    expect(await evidence(distractorsGate, optional)).toContain('"detail":true');
  });

  it("may say what it was given, and its own answers", async () => {
    const echoing = rigged('return country + ": " + $original({ country }, table);');
    expect(await judge(distractorsGate, echoing)).toMatchObject({ verdict: "pass" });
  });
});
