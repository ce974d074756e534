/**
 * Keeps checkpoints within a budget, the oldest going first, and never one that work still needs: the newest two of each
 * branch, what a stage's or another step's result names, what is leased, what the caller names, and base policies, which
 * no update could make again. Other kinds are small and stay.
 *
 * A writer takes its lease before it renames a checkpoint into place, and both the lease and the removal lock the hash;
 * so either the removal sees the lease, or the writer finds the place empty and fills it.
 */
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Kysely, sql, type Transaction } from "kysely";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { artifactPath, type HoldLease } from "./artifacts.ts";
import type { Database } from "./database.ts";
import { stagingPath, sweepStaging } from "./staging.ts";
import type { Tables } from "./tables.ts";

/** Between a checkpoint's rename and its commit lie seconds; a day outlasts a laptop's sleep. */
const leaseHours = 24;
/** Newest checkpoints of a branch that stay: the state to go on from, and the one before. */
const newestKept = 2;

export function leaseHolder(database: Database): HoldLease {
  return (ref) =>
    database.run((tables) =>
      tables.transaction().execute(async (tx) => {
        await lockHash(tx, ref.hash);
        const expires_at = sql<Date>`now() + make_interval(hours => ${leaseHours})`;
        await tx
          .insertInto("leases")
          .values({ hash: ref.hash, expires_at })
          .onConflict((conflict) => conflict.column("hash").doUpdateSet({ expires_at }))
          .execute();
        await tx
          .insertInto("artifacts")
          .values(ref)
          .onConflict((conflict) => conflict.column("hash").doNothing())
          .execute();
      }),
    );
}

export interface GarbageReport {
  readonly removed: readonly ArtifactRef[];
  /** Bytes of checkpoints still stored; above the budget when all of them are needed. */
  readonly bytes: number;
}

export async function collectGarbage(
  database: Database,
  artifactFolder: string,
  staging: string,
  keep: readonly string[],
  budgetBytes: number,
): Promise<GarbageReport> {
  await sweepStaging(staging);
  const removed: ArtifactRef[] = [];
  let bytes = 0;
  await database.run(async (tables) => {
    await tables.deleteFrom("leases").where("expires_at", "<", sql<Date>`now()`).execute();
    const checkpoints = await storedCheckpoints(tables);
    bytes = checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
    const needed = new Set([...keep, ...(await newestOfBranches(tables))]);
    for (const checkpoint of checkpoints) {
      if (bytes <= budgetBytes) break;
      if (needed.has(checkpoint.hash) || (await isNamedByResult(tables, checkpoint.hash))) continue;
      if (await isBasePolicy(artifactPath(artifactFolder, checkpoint))) continue;
      const aside = await stagingPath(staging);
      if (!(await tables.transaction().execute((tx) => setAside(tx, artifactFolder, checkpoint, aside))))
        continue;
      await rm(aside, { recursive: true, force: true });
      removed.push(checkpoint);
      bytes -= checkpoint.bytes;
    }
  });
  return { removed, bytes };
}

/** Oldest first. */
async function storedCheckpoints(tables: Kysely<Tables>): Promise<ArtifactRef[]> {
  const rows = await tables
    .selectFrom("artifacts")
    .select(["kind", "hash", "bytes"])
    .where("kind", "=", "checkpoint")
    .orderBy("created_at")
    .orderBy("hash")
    .execute();
  return rows.map(({ kind, hash, bytes }) => ({ kind, hash, bytes: Number(bytes) }));
}

async function newestOfBranches(tables: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ hash: string }>`
    SELECT checkpoint->>'hash' AS hash FROM (
      SELECT checkpoint, row_number() OVER (PARTITION BY run, stage, branch ORDER BY iteration DESC) AS age
      FROM lineage) AS aged
    WHERE age <= ${newestKept}`.execute(tables);
  return rows.map(({ hash }) => hash);
}

/** An update's own result does not count: its lineage row says whether it is among the newest. */
async function isNamedByResult(tables: Kysely<Tables>, hash: string): Promise<boolean> {
  const pattern = `%${hash}%`;
  const { rows } = await sql`
    SELECT 1 FROM stages WHERE result::text LIKE ${pattern}
    UNION ALL
    SELECT 1 FROM steps WHERE result::text LIKE ${pattern}
      AND NOT EXISTS (SELECT 1 FROM lineage WHERE lineage.step_key = steps.key)
    LIMIT 1`.execute(tables);
  return rows.length > 0;
}

/** A checkpoint's manifest names its parent; that of a policy which Ratchet did not train is null. */
async function isBasePolicy(path: string): Promise<boolean> {
  const manifest = await readFile(join(path, "manifest.json"), "utf8").catch(() => "{}");
  return (JSON.parse(manifest) as { parent?: unknown }).parent === null;
}

async function setAside(
  tx: Transaction<Tables>,
  artifactFolder: string,
  checkpoint: ArtifactRef,
  aside: string,
): Promise<boolean> {
  await lockHash(tx, checkpoint.hash);
  const lease = await tx
    .selectFrom("leases")
    .select("hash")
    .where("hash", "=", checkpoint.hash)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  if (lease !== undefined) return false;
  await rename(artifactPath(artifactFolder, checkpoint), aside).catch((error: NodeJS.ErrnoException) => {
    // A removal that crashed before its commit has moved the folder already.
    if (error.code !== "ENOENT") throw error;
  });
  await tx.deleteFrom("artifacts").where("hash", "=", checkpoint.hash).execute();
  return true;
}

async function lockHash(tx: Transaction<Tables>, hash: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${hash}, 0))`.execute(tx);
}
