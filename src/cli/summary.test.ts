import { expect, it } from "vitest";
import { assembleReport } from "../core/report/assemble.ts";
import { exampleSources } from "../core/report/example-sources.test-support.ts";
import { comparisonLines } from "../report/terminal.ts";
import { reportLines } from "./summary.ts";

it("a run ends with the table and the page of each of its reports, by title where they are several", () => {
  const data = assembleReport(exampleSources);
  const table = comparisonLines(data.comparison);
  expect(table).toHaveLength(5);
  expect(reportLines([{ stage: "main", data }], ["/main.html"])).toEqual([
    ...table,
    "  report       /main.html",
  ]);
  // A stage of the example whose title says something.
  const reports = ["rl", "after"].map((stage) => ({ stage, data }));
  expect(reportLines(reports, ["/a.html", "/b.html"])).toEqual([
    "RL:",
    ...table,
    "  report       /a.html",
    "after RL:",
    ...table,
    "  report       /b.html",
  ]);
  expect(reportLines([], [])).toEqual([]);
});
