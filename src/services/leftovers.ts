/**
 * What a killed supervisor left running. Workers end, by themselves or here; Postgres and Temporal go on under the next
 * supervisor (child.ts) unless a person wants all of it ended: `ratchet down`.
 */
import { endPostmaster } from "./postgres.ts";
import { readProcessTable } from "./process-table.ts";
import { endProcess, isAlive } from "./processes.ts";
import { readRecord } from "./record.ts";
import { serviceRoles } from "./roles.ts";
import { findServers } from "./temporal.ts";

/** They have lost their supervisor and end by themselves; this is for one that hangs. */
const workerGraceMs = 2_000;
const temporalGraceMs = 5_000;

/** How many there were. A process counts as left over when the table names its pid and start time. */
export async function endLeftoverWorkers(home: string): Promise<number> {
  const listed = readProcessTable(home)?.processes ?? [];
  const workers = listed.filter(
    (entry) => !serviceRoles.some((role) => role === entry.role) && isAlive(entry),
  );
  await Promise.all(workers.map((worker) => endProcess(worker, "SIGTERM", workerGraceMs)));
  return workers.length;
}

/** Workers first, then Temporal, then Postgres; how many there were. */
export async function endLeftovers(home: string): Promise<number> {
  const workers = await endLeftoverWorkers(home);
  const servers = findServers(home);
  await Promise.all(servers.map((server) => endProcess(server, "SIGTERM", temporalGraceMs)));
  const { postgres } = readRecord(home);
  const postmaster = postgres !== undefined && (await endPostmaster(postgres.folder));
  return workers + servers.length + (postmaster ? 1 : 0);
}
