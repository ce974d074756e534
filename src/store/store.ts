/** The store as one thing with a lifetime: artifacts on disk, steps, runs and lineage in Postgres. */
import { resolve } from "node:path";
import { sql } from "kysely";
import type { ArtifactStore } from "../core/ports/artifacts.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { StepLedger } from "../core/ports/steps.ts";
import { openArtifactFolder } from "./artifacts.ts";
import { openDatabase, type StoreLog } from "./database.ts";
import { diskFileSystem } from "./file-system.ts";
import { collectGarbage, type GarbageReport, leaseHolder } from "./garbage.ts";
import { hasArtifacts } from "./named-artifacts.ts";
import { createRunStore } from "./runs.ts";
import { openStaging } from "./staging.ts";
import { createStepLedger } from "./steps.ts";

export interface StoreOptions {
  /** postgres://user:password@host:port/database; the database exists, its tables need not. */
  readonly databaseUrl: string;
  /** Created where it is missing; one file system. */
  readonly artifactFolder: string;
  readonly log?: StoreLog;
  /** How long work waits for a Postgres that is gone; not at all where nothing is said. */
  readonly outageMs?: number;
}

export interface Store {
  readonly artifacts: ArtifactStore;
  readonly ledger: StepLedger;
  readonly runs: RunStore;
  /**
   * Removes the oldest checkpoints nobody needs until all of them take at most `budgetBytes`; `keep` names hashes that
   * stay. Also clears what killed processes left half-written. Within the budget it looks no further. A dry run changes
   * nothing and reports what it would do.
   */
  collectGarbage(keep: readonly string[], budgetBytes: number, dryRun?: boolean): Promise<GarbageReport>;
  /** Rejects where Postgres does not answer. */
  askDatabase(): Promise<void>;
  close(): Promise<void>;
}

/** Throws InvalidInput, DatabaseUnavailable or StorageFull; migrates the database. */
export async function openStore({
  databaseUrl,
  artifactFolder,
  log,
  outageMs = 0,
}: StoreOptions): Promise<Store> {
  const folder = resolve(artifactFolder);
  const database = await openDatabase(databaseUrl, log, { outageMs });
  try {
    const artifacts = await openArtifactFolder(folder, leaseHolder(database));
    const staging = await openStaging(diskFileSystem, folder);
    return {
      artifacts,
      ledger: createStepLedger(database, (result) => hasArtifacts(diskFileSystem, folder, result)),
      runs: createRunStore(database),
      collectGarbage: (keep, budgetBytes, dryRun = false) =>
        collectGarbage(database, folder, staging, keep, budgetBytes, dryRun),
      askDatabase: () => database.run(async (tables) => void (await sql`SELECT 1`.execute(tables))),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
