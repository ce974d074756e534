/** A run's report, read from the store and written as a page. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { resultOf } from "../core/ports/runs.ts";
import type { ReportData } from "../core/report/data.ts";
import { renderReport } from "../report/report.ts";
import type { Store } from "../store/store.ts";

export const reportPath = (home: string, run: string) => join(home, "reports", `${run}.html`);

/** Throws InvalidInput for an unknown run, and for one whose report stage is not done yet. */
export async function readReport(store: Store, name?: string): Promise<ReportData> {
  const run = name === undefined ? await store.runs.newestRun() : await store.runs.getRun(name);
  if (run === undefined) {
    const message = name === undefined ? "no run has been started yet" : `RUN '${name}' is unknown`;
    throw new RatchetError("InvalidInput", `${message}; start one with: npx ratchet start`, {
      field: "RUN",
      value: name,
    });
  }
  const stages = (await store.runs.getStages(run.run)).filter(({ state }) => state !== "outdated");
  const result = stages
    .filter(({ type }) => type === "report")
    .map(resultOf)
    .find((made) => made !== undefined);
  if (result === undefined) {
    const reached = stages.map((known) => `${known.stage} ${known.state}`).join(", ");
    throw new RatchetError(
      "InvalidInput",
      `run '${run.run}' has no report yet (${reached || "no stages"}); wait for its report stage`,
      { field: "RUN", value: run.run },
    );
  }
  const { report } = result as unknown as { report: ArtifactRef };
  const data = (await store.artifacts.getJson(report)) as ReportData;
  if (data.format === "ratchet.report.v1") return data;
  throw new RatchetError(
    "InvalidInput",
    `the report of run '${run.run}' has format ${JSON.stringify(data.format)}, this version reads "ratchet.report.v1"; use the version that wrote it`,
    { field: "RUN", value: run.run, format: data.format },
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
