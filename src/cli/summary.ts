/** How a run ends for a person and for a program: its result as a table, its hashes, and where its report lies. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import { comparisonLines } from "../report/terminal.ts";
import { patiently } from "./patience.ts";
import { type RunFacts, readRun, withStore } from "./read-run.ts";
import type { ExperimentOutcome } from "./run-experiment.ts";
import type { OpenServices } from "./services.ts";
import { readReports, reportPath, type StoredReport, writeReport } from "./stored-report.ts";

export interface RunSummary extends Partial<Omit<RunFacts, keyof ExperimentOutcome>>, ExperimentOutcome {
  /** Absolute path of the first report's page; null where the run has none. */
  readonly report: string | null;
  /** The evaluations that it compares, the first one the baseline. */
  readonly table: readonly ComparisonRow[];
}

/** Writes the page of each report that the run has under the home. */
export async function summarizeRun(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  outcome: ExperimentOutcome,
): Promise<{ readonly lines: readonly string[]; readonly summary: RunSummary }> {
  const { run, state } = outcome;
  const facts = await patiently(() => readRun(config, endpoints, run), interrupted);
  const reports =
    state !== "done" && state !== "stopped"
      ? []
      : await patiently(
          () => withStore(config, endpoints, (store) => readReports(store, run)),
          interrupted,
        ).catch(noReport);
  const pages: string[] = [];
  for (const [i, { stage, data }] of reports.entries())
    pages.push(await writeReport(data, reportPath(config.home, run, i === 0 ? undefined : stage)));
  const table = reports[0]?.data.comparison ?? [];
  const lines = [
    `run ${run}: ${state}`,
    ...reportLines(reports, pages),
    ...(endpoints.temporalUiUrl === undefined ? [] : [`  Temporal UI  ${endpoints.temporalUiUrl}`]),
  ];
  return { lines, summary: { ...facts, ...outcome, report: pages[0] ?? null, table } };
}

/** Each report's table and where its page lies; of several, under its stage's title. */
export function reportLines(reports: readonly StoredReport[], pages: readonly string[]): string[] {
  return reports.flatMap(({ stage, data }, i) => [
    ...(reports.length > 1 ? [`${data.configuration.stages[stage]?.title ?? stage}:`] : []),
    ...comparisonLines(data.comparison),
    `  report       ${pages[i]}`,
  ]);
}

/** An experiment need not have a report stage. */
function noReport(error: unknown): StoredReport[] {
  if (error instanceof RatchetError && error.type === "InvalidInput") return [];
  throw error;
}
