/**
 * The embedded Postgres: durable settings, reachable from this machine only and with a password only. A cluster is
 * either absent or whole; a postmaster that outlived its supervisor is found by postmaster.pid.
 */
import { spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { RatchetError } from "../core/errors.ts";
import type { ChildCommand, ChildSpecification } from "./child.ts";
import { localHost } from "./ports.ts";
import { type Account, canReach, ensurePostgresAccount } from "./postgres-account.ts";
import { preparePostgresBinaries } from "./postgres-binaries.ts";
import { disownLock, findPostmaster } from "./postgres-lock.ts";
import { endProcess, listProcesses, sendSignal } from "./processes.ts";
import type { PostgresRecord } from "./record.ts";

const name = "ratchet";
/** Fast shutdown writes a checkpoint; a minute covers a slow disk. */
const stopGraceMs = 60_000;
/** SQLSTATE while it starts, recovers or ends. */
const cannotConnectNow = "57P03";
/** Nothing of the person's locale or Postgres settings reaches the server. */
const environment = { LC_ALL: "C", PATH: "/usr/bin:/bin", TZ: "UTC" };

export function postgresUrl({ port, password }: PostgresRecord): string {
  return `postgres://${name}:${password}@${localHost}:${port}/${name}`;
}

export function postgresSpecification(record: PostgresRecord): ChildSpecification {
  return {
    role: "postgres",
    prepare: () => prepare(record),
    leftovers: {
      find: () => [findPostmaster(record.folder)].filter((entry) => entry !== undefined),
      path: join(record.folder, "data"),
    },
    becomesReady: (signal) => becomesReady(record, signal),
    answers: (signal) => becomesReady(record, signal),
    channel: false,
    stopSignal: "SIGINT",
    stopGraceMs,
  };
}

async function prepare(record: PostgresRecord): Promise<ChildCommand> {
  const { folder, port } = record;
  const account = ensurePostgresAccount();
  if (!existsSync(folder)) throw folderGone(folder);
  if (!canReach(account, folder)) throw folderClosed(folder);
  const binaries = preparePostgresBinaries(folder, account);
  const data = join(folder, "data");
  if (!existsSync(data)) await initialise(record, binaries, data, account);
  disownLock(folder);
  return {
    file: join(binaries, "postgres"),
    arguments: ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    environment,
    cwd: folder,
    account,
  };
}

/** fsync, synchronous_commit and full_page_writes keep their defaults: on. */
const settings = [
  `listen_addresses=${localHost}`,
  "unix_socket_directories=",
  "timezone=UTC",
  "log_timezone=UTC",
];

/** Into a folder of another name first, so that an interrupted initdb is done again from the start. */
async function initialise(
  { folder, password }: PostgresRecord,
  binaries: string,
  data: string,
  account: Account | undefined,
): Promise<void> {
  const partial = `${data}.partial`;
  const passwordFile = join(folder, "password.tmp");
  await endWritersTo(partial);
  rmSync(partial, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined)
    for (const path of [partial, passwordFile]) chownSync(path, account.uid, account.gid);
  try {
    // The C locale sorts text by code point on every machine, so no ORDER BY depends on where it ran.
    await run(
      join(binaries, "initdb"),
      [
        `--pgdata=${partial}`,
        `--username=${name}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
      ],
      folder,
      account,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}

/** A supervisor that was killed at this point left its initdb, which goes on; what that one started ends with it, soon. */
async function endWritersTo(partial: string): Promise<void> {
  const left = listProcesses().filter(({ commandLine }) => commandLine.includes(`--pgdata=${partial} `));
  await Promise.all(left.map((entry) => endProcess(entry, "SIGKILL", 0)));
}

function run(file: string, args: string[], cwd: string, account: Account | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: environment,
      ...account,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const fail = (how: string, cause?: unknown) =>
      reject(
        new RatchetError(
          "ServiceUnavailable",
          `Postgres could not create its data folder (${how}): ${errors.trim().split("\n").at(-1)}\nfree space or mend the folder's permissions, or set DATABASE_URL to a Postgres of your own`,
          { file, cwd },
          cause,
        ),
      );
    child.once("error", (error) => fail(error.message, error));
    child.once("exit", (code, signal) => (code === 0 ? resolve() : fail(signal ?? `exit code ${code}`)));
  });
}

/** Ends a live postmaster of this folder in order; false where there was none. */
export async function endPostmaster(folder: string): Promise<boolean> {
  const postmaster = findPostmaster(folder);
  if (postmaster !== undefined) await endProcess(postmaster, "SIGINT", stopGraceMs);
  return postmaster !== undefined;
}

/** Up to its first connection; creates the database that the URL names. */
async function becomesReady(record: PostgresRecord, signal: AbortSignal): Promise<void> {
  const maintenance = new URL(postgresUrl(record));
  maintenance.pathname = "/postgres";
  while (true) {
    signal.throwIfAborted();
    const client = new pg.Client({ connectionString: maintenance.href, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
      return;
    } catch (error) {
      if (isEndingAtLeisure(error)) endNow(record);
      await sleep(100, undefined, { signal });
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Told to end by SIGTERM, Postgres refuses new clients and waits for those it has, which may stay for ever. */
const isEndingAtLeisure = (error: unknown) =>
  (error as { code?: string }).code === cannotConnectNow &&
  (error as Error).message.endsWith("shutting down");

/** Its clients ask again. */
function endNow({ folder }: PostgresRecord): void {
  const postmaster = findPostmaster(folder);
  if (postmaster !== undefined) sendSignal(postmaster, "SIGINT");
}

/** A home may have been moved since it was made. */
function folderClosed(folder: string): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `user postgres, as whom root runs the database, cannot enter ${folder}; move the home to where other users may go, or run Ratchet as another user`,
    { folder },
  );
}

function folderGone(folder: string): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `the database folder ${folder} is gone; restore it, or begin anew in another RATCHET_HOME`,
    { folder },
  );
}
