/** Meeting a supervisor that another process runs: waiting until its services are ready, and asking it to end. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Config, maxGraceSeconds } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { type Endpoints, endpointsOf } from "./endpoints.ts";
import { endLeftovers } from "./leftovers.ts";
import { supervisorOf } from "./lock.ts";
import { logPath } from "./logs.ts";
import { readProcessTable } from "./process-table.ts";
import { endProcess } from "./processes.ts";
import { readRecord } from "./record.ts";

/** Beyond the grace of the workers' work; workers, Temporal and Postgres each have their own limit below this. */
const stopGraceMs = 90_000;
const pollMs = 100;

/**
 * The endpoints of this home's running services, once they are ready; undefined where nothing supervises it, also after
 * waiting for one that was ending. Throws ServiceUnavailable where it ended while it started.
 */
export async function attach(config: Config): Promise<Endpoints | undefined> {
  let starting = false;
  while (true) {
    const supervisor = supervisorOf(config.home);
    const table = readProcessTable(config.home);
    const state = table?.supervisor.pid === supervisor?.pid ? table?.state : undefined;
    if (supervisor === undefined && starting)
      throw new RatchetError(
        "ServiceUnavailable",
        `the services of ${config.home} ended while they started; see ${logPath(config.home, "supervisor")}`,
        { home: config.home },
      );
    if (supervisor === undefined) return undefined;
    if (state === "ready") return endpointsOf(config, readRecord(config.home));
    starting = state === "starting";
    await sleep(pollMs);
  }
}

/** The longest that there is where the table is damaged: work under way is not to be cut short for that. */
function graceAt(home: string): number {
  try {
    return readProcessTable(home)?.graceMs ?? 0;
  } catch {
    return maxGraceSeconds * 1_000;
  }
}

/** Ends whatever runs for this home, with the grace that its supervisor was started with. False where nothing did. */
export async function shutDown(home: string): Promise<boolean> {
  const supervisor = supervisorOf(home);
  if (supervisor !== undefined) await endProcess(supervisor, "SIGTERM", stopGraceMs + graceAt(home));
  const orphans = await endLeftovers(home);
  return supervisor !== undefined || orphans > 0;
}
