/**
 * The connection to Postgres: a small pool, the schema brought up to date, and every failure named. No message holds
 * the URL's password, nor the statement or its values.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from "kysely";
import { RatchetError } from "../core/errors.ts";
import { migrations } from "./migrations.ts";
import { openPool } from "./pool.ts";
import type { Tables } from "./tables.ts";

/** Where the store says what nobody awaits; pino's shape. */
export interface StoreLog {
  warn(fields: Record<string, unknown>, message: string): void;
}

export interface Database {
  /** Runs queries; what goes wrong comes out as a RatchetError. */
  run<T>(work: (tables: Kysely<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** No statement here touches more than thousands of rows; longer means a stuck server, and the caller may try again. */
const patienceMs = 60_000;

/** Between two looks whether it is back; a killed one is within half a second. */
const lookEveryMs = 200;

export interface Patience {
  /** Waits for an answer no longer. */
  readonly queryTimeoutMs?: number;
  /**
   * Work that met a Postgres which was gone is done again until it is back, this long; it is an upsert, or under a fence, and
   * may be repeated. 0 by default: a person wants to hear of it.
   */
  readonly outageMs?: number;
}

/** Throws InvalidInput for a URL that is none, DatabaseUnavailable where nobody answers, DatabaseRefused where it may not. */
export async function openDatabase(
  databaseUrl: string,
  log?: StoreLog,
  { queryTimeoutMs = patienceMs, outageMs = 0 }: Patience = {},
): Promise<Database> {
  const target = describeTarget(databaseUrl);
  const pool = openPool({
    databaseUrl,
    queryTimeoutMs,
    onLost: (error) => log?.warn({ target, reason: error.message }, "a database connection was lost"),
  });
  const tables = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const run = async <T>(work: (tables: Kysely<Tables>) => Promise<T>): Promise<T> => {
    const begunAt = performance.now();
    for (;;)
      try {
        return await work(tables);
      } catch (error) {
        const named = databaseError(error, target);
        if (!isOutage(named) || performance.now() - begunAt >= outageMs) throw named;
        await sleep(lookEveryMs);
      }
  };
  const close = () => tables.destroy();
  try {
    await run(migrate);
  } catch (error) {
    await close();
    throw error;
  }
  return { run, close };
}

/**
 * Safe when several processes do it at once: the migrator holds one of Postgres's advisory locks. What a newer build added
 * stays, and this one works beside it. The order in which steps were applied is the clock's word, which may have jumped.
 */
async function migrate(tables: Kysely<Tables>): Promise<void> {
  const getMigrations = async () => ({ ...(await ofNewerBuilds(tables)), ...migrations });
  const migrator = new Migrator({ db: tables, provider: { getMigrations }, allowUnorderedMigrations: true });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

const appliedAlready: Migration = { up: async () => undefined };

async function ofNewerBuilds(tables: Kysely<Tables>): Promise<Record<string, Migration>> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(tables);
  return Object.fromEntries(rows.map(({ name }) => [name, appliedAlready]));
}

/** host:port/database, without user and password. */
function describeTarget(databaseUrl: string): string {
  let url: URL;
  try {
    url = new URL(databaseUrl);
  } catch {
    url = new URL("invalid:");
  }
  if (!/^postgres(ql)?:$/.test(url.protocol))
    throw new RatchetError(
      "InvalidInput",
      "DATABASE_URL is not a Postgres URL; give it as postgres://user:password@host:port/database",
      { field: "DATABASE_URL" },
    );
  return `${url.hostname || "localhost"}:${url.port || "5432"}${url.pathname}`;
}

/** What a person must mend; trying again cannot. */
const refusals: Readonly<Record<string, string>> = {
  "28P01": "refuses the password; correct DATABASE_URL",
  "28000": "refuses the user; correct DATABASE_URL",
  "3D000": "has no such database; create it or correct DATABASE_URL",
  "42501":
    "denies this user the right to do that; make it the owner of the database, or correct DATABASE_URL",
};

/** What passes by itself, or with a word to whoever runs the server. */
const hindrances: Readonly<Record<string, string>> = {
  "25006": "is read-only; let it take writes again, or correct DATABASE_URL",
  "57014": "takes too long over a statement; see what else it is busy with",
  "25P03": "waited too long for this process to go on, and ended its transaction",
};

/** It is gone, starts or refuses for a moment; one that answers, and is hindered, is for a person to hear of. */
const isOutage = (error: unknown): boolean =>
  error instanceof RatchetError &&
  error.type === "DatabaseUnavailable" &&
  hindrances[String(error.fields.code)] === undefined;

/** Classes of SQLSTATE that pass: connection lost, out of resources, shutting down or starting, deadlock, system error. */
const passing = /^(08|53|57P|40|58)/;
const networkCodes = /^(ECONN[A-Z]+|EPIPE|ETIMEDOUT|EHOST[A-Z]+|ENET[A-Z]+|ENOTFOUND|EAI_AGAIN)$/;
const passingMessages = /timeout|terminated|not queryable|ended|closed/i;

export function databaseError(error: unknown, target: string): unknown {
  if (error instanceof RatchetError || !(error instanceof Error)) return error;
  const cause = error as Error & { code?: string; errors?: { code?: string }[] };
  const code = cause.code ?? cause.errors?.[0]?.code ?? "";
  const fields = { target, code };
  if (refusals[code] !== undefined)
    return new RatchetError("DatabaseRefused", `Postgres at ${target} ${refusals[code]}`, fields);
  if (hindrances[code] !== undefined)
    return new RatchetError(
      "DatabaseUnavailable",
      `Postgres at ${target} ${hindrances[code]} (${code})`,
      fields,
      redacted(cause),
    );
  if (code === "53100")
    return new RatchetError("StorageFull", `Postgres at ${target} has no disk space left; free some`, fields);
  if (passing.test(code) || networkCodes.test(code) || (code === "" && passingMessages.test(cause.message)))
    return new RatchetError(
      "DatabaseUnavailable",
      `Postgres at ${target} does not answer (${code || cause.message}); start it or correct DATABASE_URL`,
      fields,
      redacted(cause),
    );
  return error;
}

/** pg's errors may carry the failing row in `detail`; a cause keeps the kind of failure and nothing else. */
function redacted(cause: Error & { code?: string }): Error {
  return Object.assign(new Error(cause.message), { code: cause.code });
}
