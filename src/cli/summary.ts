/** How a run ends for a person and for a program: its result as a table, its hashes, and where its report lies. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import type { ReportData } from "../core/report/data.ts";
import { comparisonLines } from "../report/terminal.ts";
import { patiently } from "./patience.ts";
import { type RunFacts, readRun, withStore } from "./read-run.ts";
import type { ExperimentOutcome } from "./run-experiment.ts";
import type { OpenServices } from "./services.ts";
import { listReports, readReport, reportPath, type StoredReport, writeReport } from "./stored-report.ts";

export interface RunSummary extends Partial<Omit<RunFacts, keyof ExperimentOutcome>>, ExperimentOutcome {
  /** Absolute path of the first report's page; null where the run has none, or one that cannot be read. */
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
  const listed =
    state !== "done" && state !== "stopped"
      ? []
      : await patiently(
          () => withStore(config, endpoints, (store) => listReports(store, run)),
          interrupted,
        ).catch(noReport);
  const read = (report: StoredReport) =>
    patiently(() => withStore(config, endpoints, (store) => readReport(store, report)), interrupted);
  const shown = await showEach(listed, read, config.home);
  const first = shown[0];
  const lines = [
    `run ${run}: ${state}`,
    ...reportLines(shown),
    ...(endpoints.temporalUiUrl === undefined ? [] : [`  Temporal UI  ${endpoints.temporalUiUrl}`]),
  ];
  const { page = null, data } = first !== undefined && "data" in first ? first : {};
  return { lines, summary: { ...facts, ...outcome, report: page, table: data?.comparison ?? [] } };
}

/** A report with its page, or why it has none. */
export type ShownReport =
  | { readonly stage: string; readonly data: ReportData; readonly page: string }
  | { readonly stage: string; readonly because: string };

/** Each with its page under the home. The run is over, and one that is lost keeps nobody from reading the others. */
export async function showEach(
  listed: readonly StoredReport[],
  read: (report: StoredReport) => Promise<ReportData>,
  home: string,
): Promise<ShownReport[]> {
  const shown: ShownReport[] = [];
  for (const [i, report] of listed.entries()) {
    const { run, stage } = report;
    try {
      const data = await read(report);
      const page = await writeReport(data, reportPath(home, run, i === 0 ? undefined : stage));
      shown.push({ stage, data, page });
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      shown.push({ stage, because: error.message });
    }
  }
  return shown;
}

/** Each report's table and where its page lies; of several, under its stage's title. */
export function reportLines(reports: readonly ShownReport[]): string[] {
  return reports.flatMap((report) => {
    const { stage } = report;
    if ("because" in report) return [`  report       none of stage '${stage}': ${report.because}`];
    const { data, page } = report;
    return [
      ...(reports.length > 1 ? [`${data.configuration.stages[stage]?.title ?? stage}:`] : []),
      ...comparisonLines(data.comparison),
      `  report       ${page}`,
    ];
  });
}

/** An experiment need not have a report stage. */
function noReport(error: unknown): StoredReport[] {
  if (error instanceof RatchetError && error.type === "InvalidInput") return [];
  throw error;
}
