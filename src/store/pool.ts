/**
 * Connections to Postgres, each of which is handed on only while its server has said that nothing is under way on it. A
 * query that its client gave up may still run, and a rollback that never left leaves a transaction open, in which the
 * next caller's writes would seem done and never be committed: such a connection is closed instead.
 */
import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

export interface PoolOptions {
  readonly databaseUrl: string;
  /** Waits for an answer no longer, ms; the server itself gives a statement up before that. */
  readonly queryTimeoutMs: number;
  readonly onLost: (error: Error) => void;
}

/** Three workers and a few commands share a server that allows 100. */
const mostConnections = 8;
/** A local server answers in milliseconds; one that restarts refuses at once, so this only bounds a dropped network. */
const connectTimeoutMs = 5_000;
/** What the server gives up first: its own error says that nothing runs on, which a silence cannot. */
const serverShare = 0.8;
/** A transaction whose client says no more (a frozen process) holds locks that its successor waits for. */
const idleShare = 0.5;

export function openPool({ databaseUrl, queryTimeoutMs, onLost }: PoolOptions): PostgresPool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: mostConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    statement_timeout: serverShare * queryTimeoutMs,
    idle_in_transaction_session_timeout: idleShare * queryTimeoutMs,
    keepAlive: true,
  });
  // Without a listener an idle connection that the server drops would end the process.
  pool.on("error", onLost);
  // One in use tells its query as well, whose rejection is what counts; the event alone must not end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return { connect: async () => closedIfUnsure(await pool.connect()), end: () => pool.end() };
}

function closedIfUnsure(client: pg.PoolClient): PostgresPoolClient {
  let isSure = true;
  const query = async (sql: string, values: unknown[]) => {
    try {
      return await client.query(sql, values);
    } catch (error) {
      // Only the server knows whether a statement is over.
      if (!(error instanceof pg.DatabaseError)) isSure = false;
      throw error;
    }
  };
  return {
    query: query as unknown as PostgresPoolClient["query"], // no cursors here
    release: () => client.release(!isSure || client.getTransactionStatus() !== "I"),
  };
}
