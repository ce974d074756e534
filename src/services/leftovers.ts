/**
 * What a killed supervisor left running. Workers end, by themselves or here; Postgres and Temporal go on under the next
 * supervisor (child.ts) unless a person wants all of it ended: `ratchet down`.
 */
import { endPostmaster } from "./postgres.ts";
import { readProcessTable } from "./process-table.ts";
import { endProcess, isAlive } from "./processes.ts";
import { readRecord } from "./record.ts";
import { isService } from "./roles.ts";
import { findServers } from "./temporal.ts";

/** They have lost their supervisor and end by themselves; this is for one that hangs. */
const workerGraceMs = 2_000;
const temporalGraceMs = 5_000;

/** Each gives how many there were. A worker counts as left over when the table names its pid and start time. */
export async function endLeftoverWorkers(home: string): Promise<number> {
  const listed = readProcessTable(home)?.processes ?? [];
  const workers = listed.filter((entry) => !isService(entry.role) && isAlive(entry));
  await Promise.all(workers.map((worker) => endProcess(worker, "SIGTERM", workerGraceMs)));
  return workers.length;
}

export async function endLeftoverTemporal(home: string): Promise<number> {
  const servers = findServers(home);
  await Promise.all(servers.map((server) => endProcess(server, "SIGTERM", temporalGraceMs)));
  return servers.length;
}

export async function endLeftoverPostgres(home: string): Promise<number> {
  const { postgres } = readRecord(home);
  return postgres !== undefined && (await endPostmaster(postgres.folder)) ? 1 : 0;
}

/** In the order in which they need each other. */
export async function endLeftovers(home: string): Promise<number> {
  const workers = await endLeftoverWorkers(home);
  const temporal = await endLeftoverTemporal(home);
  return workers + temporal + (await endLeftoverPostgres(home));
}
