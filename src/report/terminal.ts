/** The table that ends a run, as lines of text: means, and under each its difference from the row above. */
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import { metrics } from "../core/evaluation/metrics.ts";
import { interval, metricNames, score, signed } from "./format.ts";

export function comparisonLines(comparison: readonly ComparisonRow[]): string[] {
  const rows = [
    ["", "n", ...metrics.map((metric) => metricNames[metric])],
    ...comparison.flatMap(({ title, environments, means, overPrevious }) => [
      [title, String(environments), ...metrics.map((metric) => score(means[metric]))],
      ...(overPrevious === null
        ? []
        : [
            ["", "", ...metrics.map((metric) => signed(overPrevious[metric].mean))],
            ["", "", ...metrics.map((metric) => interval(overPrevious[metric]))],
          ]),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}
