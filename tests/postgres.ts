/** A real Postgres for one test file, as Ratchet embeds it: started once, a fresh database per test, gone at the end. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { chooseFreePort } from "../src/services/ports.ts";
import { postgresSpecification, postgresUrl } from "../src/services/postgres.ts";

export interface TestPostgres {
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  /** Ends it without a checkpoint, as a crash would; the data stays. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "ratchet-postgres-"));
  // Under root the server has an account of its own, which must be able to reach its data.
  await chmod(folder, 0o755);
  const seed = randomBytes(4).readUInt32LE();
  const port = await chooseFreePort(20_000 + (seed % 10_000), seed, () => true);
  const record = { folder, port, password: "correct-horse" };
  const specification = postgresSpecification(record);
  let server: ChildProcess;

  const start = async () => {
    const { file, arguments: args, environment, cwd, account } = await specification.prepare();
    server = spawn(file, args, { cwd, env: { ...environment }, stdio: "ignore", ...account });
    await specification.becomesReady(AbortSignal.timeout(60_000));
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  };
  await start();
  let databases = 0;
  return {
    freshDatabase: async () => {
      const url = new URL(postgresUrl(record));
      const client = new pg.Client(url.href);
      await client.connect();
      await client.query(`CREATE DATABASE test_${++databases}`);
      await client.end();
      url.pathname = `/test_${databases}`;
      return url.href;
    },
    crash: () => end("SIGQUIT"),
    start,
    stop: async () => {
      await end("SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
