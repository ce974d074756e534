/** A run's reports, read from the store and written as pages. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { resultOf } from "../core/ports/runs.ts";
import type { ReportData } from "../core/report/data.ts";
import { renderReport } from "../report/report.ts";
import type { Store } from "../store/store.ts";

/** A report that is done. */
export interface StoredReport {
  readonly run: string;
  /** Of the report stage. */
  readonly stage: string;
  readonly ref: ArtifactRef;
}

/** A run's first report has its name; the others have their stages' too. */
export const reportPath = (home: string, run: string, stage?: string) =>
  join(home, "reports", `${run}${stage === undefined ? "" : `.${stage}`}.html`);

/**
 * Of the report stages that are done, in the stages' order; at least one. Throws InvalidInput for an unknown run, and for
 * one that has none yet.
 */
export async function listReports(store: Store, name?: string): Promise<StoredReport[]> {
  const run = name === undefined ? await store.runs.newestRun() : await store.runs.getRun(name);
  if (run === undefined) {
    const message = name === undefined ? "no run has been started yet" : `RUN '${name}' is unknown`;
    throw new RatchetError("InvalidInput", `${message}; start one with: npx ratchet start`, {
      field: "RUN",
      value: name,
    });
  }
  const stages = (await store.runs.getStages(run.run)).filter(({ state }) => state !== "outdated");
  const reports = stages.flatMap((stage) => {
    const result = stage.type === "report" ? resultOf(stage) : undefined;
    if (result === undefined) return [];
    const { report } = result as unknown as { report: ArtifactRef };
    return [{ run: run.run, stage: stage.stage, ref: report }];
  });
  if (reports.length > 0) return reports;
  const reached = stages.map((known) => `${known.stage} ${known.state}`).join(", ");
  const next = !stages.some(({ type }) => type === "report")
    ? "it has no report stage; start an experiment that has one"
    : run.state === "running"
      ? "wait for its report stage"
      : `it is ${run.state}; continue it with: npx ratchet resume ${run.run}`;
  throw new RatchetError(
    "InvalidInput",
    `run '${run.run}' has no report yet (${reached || "no stages"}); ${next}`,
    { field: "RUN", value: run.run },
  );
}

/** The first, or that of a stage. Throws InvalidInput where that is none of them. */
export function reportOf(reports: readonly StoredReport[], stage?: string): StoredReport {
  const found = stage === undefined ? reports[0] : reports.find((report) => report.stage === stage);
  if (found !== undefined) return found;
  throw new RatchetError(
    "InvalidInput",
    `--stage '${stage}' names no report of run '${reports[0]!.run}' that is done; choose one of ${reports.map((report) => report.stage).join(", ")}`,
    { field: "--stage", value: stage },
  );
}

/** Throws ArtifactMissing or ArtifactCorrupt, and InvalidInput for one that another version wrote. */
export async function readReport(
  { artifacts }: Pick<Store, "artifacts">,
  { run, ref }: StoredReport,
): Promise<ReportData> {
  const data = (await artifacts.getJson(ref)) as ReportData;
  requireReadable(run, data);
  return data;
}

function requireReadable(run: string, { format }: ReportData): void {
  if (format === "ratchet.report.v1") return;
  throw new RatchetError(
    "InvalidInput",
    `the report of run '${run}' has format ${JSON.stringify(format)}, this version reads "ratchet.report.v1"; use the version that wrote it`,
    { field: "RUN", value: run, format },
  );
}

/** Returns the absolute path written. */
export async function writeReport(data: ReportData, path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    await mkdir(dirname(absolute), { recursive: true });
    await writeFile(absolute, renderReport(data));
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `cannot write the report to ${absolute} (${(error as NodeJS.ErrnoException).code}); name another file with --out`,
      { field: "--out", value: absolute },
      error,
    );
  }
  return absolute;
}
