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

it("a registry that is not reached, or has no advisories, is an excuse, with its reason", () => {
  const refusal = { message: "405 Method Not Allowed - POST https://example.org/x" };
  const excuse = (skipped: string) => ({ skipped, excusable: true });
  expect(verdictOf(JSON.stringify(refusal), false)).toEqual(excuse("405 Method Not Allowed"));
  expect(verdictOf("", true)).toEqual(excuse("the registry gave no answer within 10 s"));
  const unknownHost = { error: { code: "ENOTFOUND", summary: "request failed" } };
  expect(verdictOf(JSON.stringify(unknownHost), false)).toEqual(excuse("request failed"));
});

it("an answer that is none is no excuse", () => {
  const bad = (skipped: string) => ({ skipped, excusable: false });
  expect(verdictOf("npm ERR!", false)).toEqual(bad("npm gave no report"));
  expect(verdictOf("{}", false)).toEqual(bad("npm's report has no list of advisories"));
  const broken = { message: "500 Internal Server Error - POST https://example.org/x", statusCode: 500 };
  expect(verdictOf(JSON.stringify(broken), false)).toEqual(bad("500 Internal Server Error"));
});
