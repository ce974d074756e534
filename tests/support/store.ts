/** A store over a Postgres and a folder of its own, opened before the tests of a file and gone after them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openStore, type Store } from "../../src/store/store.ts";
import { startPostgres, type TestPostgres } from "../postgres.ts";

export interface OpenedStore {
  postgres: TestPostgres;
  folder: string;
  store: Store;
}

/** Its members are there once the tests begin. */
export function openedStore(): OpenedStore {
  const opened = {} as OpenedStore;
  beforeAll(async () => {
    opened.postgres = await startPostgres();
    opened.folder = mkdtempSync(join(tmpdir(), "ratchet-store-"));
    const databaseUrl = await opened.postgres.freshDatabase();
    opened.store = await openStore({ databaseUrl, artifactFolder: opened.folder });
  });
  afterAll(async () => {
    await opened.store?.close();
    await opened.postgres?.stop();
    if (opened.folder) rmSync(opened.folder, { recursive: true, force: true });
  });
  return opened;
}
