/** Numbers and names as people read them. */
import type { PairedDifference } from "../core/evaluation/bootstrap.ts";
import type { Metric } from "../core/evaluation/metrics.ts";

export const metricNames: Readonly<Record<Metric, string>> = {
  solveP: "Solve-P",
  solveR: "Solve-R",
  solveF1: "Solve-F1",
  answerAccuracy: "Answer accuracy",
  rawSolveP: "Raw Solve-P",
};

/** Three decimals, as published results are compared in. */
export const score = (value: number) => value.toFixed(3);

/** With a true minus sign, and a plus for gains. */
export function signed(value: number): string {
  const shown = Math.abs(value).toFixed(3);
  if (Number(shown) === 0) return shown;
  return value > 0 ? `+${shown}` : `\u2212${shown}`;
}

export const interval = ({ low, high }: PairedDifference) => `[${signed(low)}, ${signed(high)}]`;

/** At most four significant digits, for axes and tables of any magnitude. */
export function compact(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}

/** "parallel_multi_hop" -> "parallel multi-hop". */
export const scenarioName = (scenario: string) => scenario.replace(/_hop$/, "-hop").replaceAll("_", " ");

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
