import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { RatchetError } from "../core/errors.ts";
import { assembleReport } from "../core/report/assemble.ts";
import { exampleSources } from "../core/report/example-sources.test-support.ts";
import { comparisonLines } from "../report/terminal.ts";
import { reportLines, showEach } from "./summary.ts";

it("a run ends with the table and the page of each of its reports, by title where they are several", () => {
  const data = assembleReport(exampleSources);
  const table = comparisonLines(data.comparison);
  expect(table).toHaveLength(5);
  expect(reportLines([{ stage: "main", data, page: "/main.html" }])).toEqual([
    ...table,
    "  report       /main.html",
  ]);
  // A stage of the example whose title says something.
  const reports = ["rl", "after"].map((stage) => ({ stage, data, page: `/${stage}.html` }));
  expect(reportLines(reports)).toEqual([
    "RL:",
    ...table,
    "  report       /rl.html",
    "after RL:",
    ...table,
    "  report       /after.html",
  ]);
  expect(reportLines([])).toEqual([]);
});

it("of a run that is over, says which report is lost, and writes the others' pages", async () => {
  const home = mkdtempSync(join(tmpdir(), "ratchet-summary-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const data = assembleReport(exampleSources);
  const listed = ["main", "other"].map((stage) => ({
    ...{ run: "tiny", stage },
    ref: { kind: "report", hash: stage, bytes: 1 },
  }));
  const read = async ({ stage }: { readonly stage: string }) => {
    if (stage === "main")
      throw new RatchetError("ArtifactMissing", "report main is not in the artifact store");
    return data;
  };
  const page = join(home, "reports", "tiny.other.html");
  const shown = await showEach(listed, read, home);
  expect(shown).toEqual([
    { stage: "main", because: "report main is not in the artifact store" },
    { stage: "other", data, page },
  ]);
  expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>/);
  expect(reportLines(shown)[0]).toBe(
    "  report       none of stage 'main': report main is not in the artifact store",
  );
});
