/** How a run ends for a person and for a program: its result as a table, its hashes, and where its report lies. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ComparisonRow } from "../core/evaluation/comparison.ts";
import { comparisonLines } from "../report/terminal.ts";
import { patiently } from "./patience.ts";
import { type RunFacts, readRun, withStore } from "./read-run.ts";
import type { ExperimentOutcome } from "./run-experiment.ts";
import type { OpenServices } from "./services.ts";
import { readReport, reportPath, writeReport } from "./stored-report.ts";

export interface RunSummary extends Partial<Omit<RunFacts, keyof ExperimentOutcome>>, ExperimentOutcome {
  /** Absolute path of the page; null where the run has no report. */
  readonly report: string | null;
  /** The compared evaluations, the first one the baseline. */
  readonly table: readonly ComparisonRow[];
}

/** Writes the report's page under the home, where the run has one. */
export async function summarizeRun(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  outcome: ExperimentOutcome,
): Promise<{ readonly lines: readonly string[]; readonly summary: RunSummary }> {
  const { run, state } = outcome;
  const facts = await patiently(() => readRun(config, endpoints, run), interrupted);
  const data =
    state !== "done" && state !== "stopped"
      ? undefined
      : await patiently(
          () => withStore(config, endpoints, (store) => readReport(store, run)),
          interrupted,
        ).catch(noReport);
  const report = data === undefined ? null : await writeReport(data, reportPath(config.home, run));
  const table = data?.comparison ?? [];
  const lines = [
    `run ${run}: ${state}`,
    ...(table.length === 0 ? [] : comparisonLines(table)),
    ...(report === null ? [] : [`  report       ${report}`]),
    ...(endpoints.temporalUiUrl === undefined ? [] : [`  Temporal UI  ${endpoints.temporalUiUrl}`]),
  ];
  return { lines, summary: { ...facts, ...outcome, report, table } };
}

/** An experiment need not have a report stage. */
function noReport(error: unknown): undefined {
  if (error instanceof RatchetError && error.type === "InvalidInput") return undefined;
  throw error;
}
