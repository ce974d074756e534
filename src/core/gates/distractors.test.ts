import { describe, expect, it } from "vitest";
import { evidence, judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  rigged,
  withParameter,
  withTool,
} from "../../../tests/support/small-world.ts";
import { distractorsGate } from "./distractors.ts";

const sound = caseOf(chainCandidate);

describe("a distractor", () => {
  it("gives no sub-answer, and is blamed", async () => {
    const helpful = withTool(sound, "find_seat", () => ({
      code: 'function find_seat({ country }, table) { return "pays in EUR"; }',
    }));
    const finding = await judge(distractorsGate, helpful);
    expect(finding).toMatchObject({ verdict: "fail", tools: ["find_seat"] });
  });

  it("gives none when an optional argument says so either", async () => {
    const optional = withTool(sound, "find_seat", ({ document }) => ({
      document: withParameter(document, "what", { type: "string", enum: ["seat", "money"], default: "seat" }),
      code: 'function find_seat({ country, what = "seat" }, table) { return what === "money" ? "pays in EUR" : "none"; }',
    }));
    expect(await evidence(distractorsGate, optional)).toContain('"what":"money"');
  });
});

describe("a tool that owns a sub-answer", () => {
  const homeOf = "table.rows[city.trim().toLowerCase()].country";

  it("gives no other tool's: the country's currency beside the country", async () => {
    const generous = withTool(sound, "get_home", () => ({
      code: `function get_home({ city }, table) { return ${homeOf} + " (EUR)"; }`,
    }));
    const finding = await judge(distractorsGate, generous);
    expect(finding).toMatchObject({ verdict: "fail", tools: ["get_home"] });
    expect(finding.evidence).toContain("gives 'EUR', which is another tool's to give");
  });

  it("gives none when an optional argument says so either", async () => {
    const optional = withTool(sound, "get_home", ({ document }) => ({
      document: withParameter(document, "detail", { type: "boolean", default: false }),
      code: `function get_home({ city, detail = false }, table) { return ${homeOf} + (detail ? " (EUR)" : ""); }`,
    }));
    expect(await evidence(distractorsGate, optional)).toContain('"detail":true');
  });

  it("may say what it was given, and its own answers", async () => {
    const echoing = rigged('return country + " of Lyon: " + $original({ country }, table);');
    expect(await judge(distractorsGate, echoing)).toMatchObject({ verdict: "pass" });
  });
});
