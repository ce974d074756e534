/** What the check of dependencies makes of npm's answers; it runs before these tests, as a step of `npm test`. */
import { expect, it } from "vitest";
import { verdictOf } from "../scripts/audit.ts";

const advisory = (severity: string) => ({
  name: "left-pad",
  severity,
  range: "<1.3.1",
  via: [{ title: "Pads from the right" }, "right-pad"],
});
const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });

it("advisories of high and critical severity are found, with their reason", () => {
  for (const severity of ["high", "critical"])
    expect(verdictOf(report({ "left-pad": advisory(severity) }), false)).toEqual({
      found: [`${severity}: left-pad <1.3.1: Pads from the right; right-pad`],
    });
});

it("lesser ones, and none, pass", () => {
  expect(verdictOf(report({ "left-pad": advisory("moderate") }), false)).toEqual({ found: [] });
  expect(verdictOf(report({}), false)).toEqual({ found: [] });
});

it("a registry that does not answer, or has no advisories, is skipped with its reason", () => {
  const refusal = JSON.stringify({ message: "405 Method Not Allowed - POST https://example.org/x" });
  expect(verdictOf(refusal, false)).toEqual({ skipped: "405 Method Not Allowed" });
  expect(verdictOf("", true)).toEqual({ skipped: "no answer within 10 s" });
  expect(verdictOf("npm ERR!", false)).toEqual({ skipped: "npm gave no report" });
  expect(verdictOf(JSON.stringify({ error: { summary: "offline" } }), false)).toEqual({ skipped: "offline" });
});
