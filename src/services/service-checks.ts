/** Whether the services can run or, where they are external, whether they answer. Looks only, like every check. */
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { type Check, check } from "./checks.ts";
import { supervisorOf } from "./lock.ts";
import { isPortFree } from "./ports.ts";
import { findPostgresAccount } from "./postgres-account.ts";
import { lacksLinks, postgresPackage } from "./postgres-binaries.ts";
import { findPostmaster } from "./postgres-lock.ts";
import { readProcessTable } from "./process-table.ts";
import { findProcess, isAlive } from "./processes.ts";
import { portsOf, readRecord, recordPath } from "./record.ts";
import { goneAfterMs, strangerAmong } from "./strangers.ts";
import { findServers } from "./temporal.ts";
import { findTemporal } from "./temporal-binary.ts";
import { checkNamespace, workflowPollers } from "./temporal-namespace.ts";

const connectTimeoutMs = 5_000;
/** Of a killed process the name goes first and the ports last, a tenth of a second later on a busy machine. */
const releasedWithinMs = 3_000;

/** The embedded Postgres's programs run on this system. */
export function checkPostgresPrograms(): Check {
  const mend = "run npm ci again, or set DATABASE_URL to a Postgres of your own";
  try {
    const root = postgresPackage();
    const program = join(root, "native", "bin", "postgres");
    const { stdout, stderr, error, status } = spawnSync(program, ["--version"], { encoding: "utf8" });
    if (status === 0) return check("postgres", true, stdout.trim(), mend);
    if (lacksLinks(root))
      return check("postgres", true, "its library links are restored at the next start", mend);
    return check("postgres", false, `${program} does not run: ${error?.message ?? stderr.trim()}`, mend);
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return check("postgres", false, error.message, "");
  }
}

export function checkPostgresAccount(): Check {
  const account = findPostgresAccount();
  const mend = "create a system user named postgres, run Ratchet as another user, or set DATABASE_URL";
  if (account === undefined) return check("account", true, "Postgres runs as the current user", mend);
  if (account !== "missing") return check("account", true, "root runs Postgres as user postgres", mend);
  const canCreate = spawnSync("useradd", ["--help"]).status === 0;
  return check("account", canCreate, "root has no user postgres to run Postgres as", mend);
}

/** The embedded Temporal's program is there, or can be had. */
export function checkTemporalProgram(config: Config, hasPython: boolean): Check {
  const binary = findTemporal(config);
  if (binary !== undefined)
    return check("temporal", true, `Temporal CLI ${binary.version} (${binary.source}: ${binary.path})`, "");
  const missing = "no Temporal CLI 1.4 or later on PATH or in the cache";
  if (config.offline)
    return check("temporal", false, missing, "install it, or unset RATCHET_OFFLINE once to download it");
  return check("temporal", hasPython, `${missing}; the next start downloads it`, "install python3 and pip");
}

/** A recorded port must be free, or held by this home's own processes. */
export async function checkPorts(config: Config): Promise<Check> {
  const { home } = config;
  const record = readRecord(home);
  const needed = portsOf({
    ...(config.databaseUrl === undefined && { postgres: record.postgres }),
    ...(config.temporalConnection === undefined && { temporal: record.temporal }),
  });
  const isOwn = (field: string) => {
    if (supervisorOf(home) !== undefined) return true;
    if (!field.startsWith("postgres.")) return findServers(home).length > 0;
    return (record.postgres && findPostmaster(record.postgres.folder)) !== undefined;
  };
  const deadline = performance.now() + releasedWithinMs;
  const isOurs = async (field: string, port: number) => {
    while (!isOwn(field) && !(await isPortFree(port))) {
      if (performance.now() >= deadline) return false;
      await sleep(50);
    }
    return true;
  };
  for (const { field, port } of needed) {
    if (await isOurs(field, port)) continue;
    const mend = `end that program, or change ${field} in ${recordPath(home)}`;
    return check("ports", false, `port ${port} (${field}) is in use by another program`, mend);
  }
  const found = needed.map(({ field, port }) => `${port} (${field})`).join(", ");
  return check("ports", true, found || "ports are chosen at the first start", "");
}

/** An external Postgres; its address is repeated without user and password. */
export async function checkDatabase(databaseUrl: string): Promise<Check> {
  const { hostname, port, pathname } = new URL(databaseUrl);
  const target = `Postgres at ${hostname || "localhost"}:${port || "5432"}${pathname}`;
  const mend = "start it, or correct DATABASE_URL (unset, Ratchet starts its own)";
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectTimeoutMs });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return check("database", true, `${target} answers`, mend, "DatabaseUnavailable");
  } catch (error) {
    // Node joins the failures of several addresses under an empty message.
    const { message, code } = error as NodeJS.ErrnoException;
    const found = `${target} does not answer: ${message || code}`;
    return check("database", false, found, mend, "DatabaseUnavailable");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** An external Temporal; what is wrong with it already says what to do. */
export async function checkTemporalServer(config: Config): Promise<Check> {
  const { temporalConnection: connection, temporalNamespace: namespace } = config;
  try {
    await checkNamespace(connection!, namespace);
    const server = `Temporal at ${connection!.address}, namespace '${namespace}',`;
    const stranger = await strangerTo(config);
    if (stranger === undefined) return check("temporal", true, `${server} answers`, "");
    return check(
      "temporal",
      false,
      `${server} has a worker of another database, ${stranger}, which would take this home's work`,
      `set DATABASE_URL and RATCHET_ARTIFACTS to those of that worker, or TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE to another, or end it; one that has ended on another machine, or in another container, still counts for ${goneAfterMs / 1_000} s`,
    );
  } catch (error) {
    return check("temporal", false, (error as Error).message, "", "TemporalUnavailable");
  }
}

/** A Postgres of this home's own is nobody else's; who shares a DATABASE_URL belongs together. */
async function strangerTo(config: Config): Promise<string | undefined> {
  const { home, databaseUrl, temporalConnection, temporalNamespace } = config;
  if (databaseUrl !== undefined) return undefined;
  const pids = (readProcessTable(home)?.processes ?? []).filter(isAlive).map(({ pid }) => pid);
  const isRunning = (pid: number) => findProcess(pid) !== undefined;
  return strangerAmong(await workflowPollers(temporalConnection!, temporalNamespace), {
    host: hostname(),
    isRunning,
    pids,
  });
}
