/**
 * Ends what a killed supervisor left running: workers first, then Temporal, then Postgres. A process counts as left over
 * when the table names its pid and start time, or when it runs this home's own database files.
 */
import { endPostmaster } from "./postgres.ts";
import { readProcessTable } from "./process-table.ts";
import { endProcess, isAlive, listProcesses, type ProcessIdentity } from "./processes.ts";
import { readRecord } from "./record.ts";
import { temporalDatabasePath } from "./temporal.ts";

/** Left-over workers have lost their supervisor and end by themselves; this is for one that hangs. */
const workerGraceMs = 2_000;
const temporalGraceMs = 5_000;

/** Every left-over process but the postmaster, which Postgres's own lock file names. */
export function findLeftovers(home: string): { workers: ProcessIdentity[]; temporal: ProcessIdentity[] } {
  const listed = (readProcessTable(home)?.processes ?? []).filter(isAlive);
  const database = temporalDatabasePath(home);
  // The table is written just after a process starts; a supervisor killed in between leaves one unlisted.
  const unlisted = listProcesses().filter(
    ({ commandLine }) => commandLine.includes(" server start-dev ") && commandLine.includes(database),
  );
  return {
    workers: listed.filter(({ role }) => role !== "temporal" && role !== "postgres"),
    temporal: unlisted,
  };
}

/** How many there were. */
export async function endLeftovers(home: string): Promise<number> {
  const { workers, temporal } = findLeftovers(home);
  await Promise.all(workers.map((worker) => endProcess(worker, "SIGTERM", workerGraceMs)));
  await Promise.all(temporal.map((server) => endProcess(server, "SIGTERM", temporalGraceMs)));
  const { postgres } = readRecord(home);
  const postmaster = postgres !== undefined && (await endPostmaster(postgres.folder));
  return workers.length + temporal.length + (postmaster ? 1 : 0);
}
