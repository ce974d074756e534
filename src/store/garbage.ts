/**
 * Keeps checkpoints within a budget, the oldest going first, and never one that work still needs: what `needed.ts` names,
 * what is leased, what the caller names, and base policies, which no update could make again. Other kinds are small and
 * stay. It says of each checkpoint why it stayed.
 *
 * A writer takes its lease before it renames a checkpoint into place, and both the lease and the removal lock the hash;
 * so either the removal sees the lease, or the writer finds the place empty and fills it. A row whose files are not here
 * stays: they may lie in another folder, from which they could not be collected without it. What was named or committed since
 * the collection began is looked for once more before each removal; what is named in the moment after is made again from
 * its lineage.
 */
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Kysely, sql, type Transaction } from "kysely";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { storageFailure } from "../core/storage-failure.ts";
import { artifactPath, type HoldLease } from "./artifacts.ts";
import type { Database } from "./database.ts";
import { diskFileSystem } from "./file-system.ts";
import { syncFolder } from "./files.ts";
import { everyUpdate, isNamed, namedAmong, neededUpdates, originsOf } from "./needed.ts";
import { stagingPath, sweepStaging } from "./staging.ts";
import type { Tables } from "./tables.ts";

/** Between a checkpoint's rename and its commit lie seconds; a day outlasts a laptop's sleep. */
const leaseHours = 24;

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

interface RemovedCheckpoint extends ArtifactRef {
  /** The update that made it: "iteration 3 of tiny, rl"; null where it was never committed. */
  readonly origin: string | null;
}

interface KeptCheckpoint extends RemovedCheckpoint {
  readonly because: string;
}

export interface GarbageReport {
  readonly removed: readonly RemovedCheckpoint[];
  readonly kept: readonly KeptCheckpoint[];
  /** Of checkpoints still stored here; above the budget when all of them are needed. */
  readonly bytes: number;
}

export async function collectGarbage(
  database: Database,
  artifactFolder: string,
  staging: string,
  keep: readonly string[],
  budgetBytes: number,
  dryRun: boolean,
): Promise<GarbageReport> {
  if (!dryRun) await sweepStaging(staging);
  const removed: RemovedCheckpoint[] = [];
  const kept: KeptCheckpoint[] = [];
  let bytes = 0;
  await database.run(async (tables) => {
    if (!dryRun) await tables.deleteFrom("leases").where("expires_at", "<", sql<Date>`now()`).execute();
    const known = await knownCheckpoints(tables);
    // Where all of them are within the budget, it does not matter which are here.
    const here = new Set(bytesOf(known) <= budgetBytes ? known : await hereAmong(artifactFolder, known));
    bytes = bytesOf([...here]);
    const updates = await everyUpdate(tables);
    const origins = originsOf(updates);
    const within = `within the budget of ${budgetBytes} bytes`;
    // The usual case after an update: nothing else has to be known.
    const reasonFor =
      bytes <= budgetBytes
        ? async () => within
        : await reasons(tables, artifactFolder, keep, [...here], await neededUpdates(tables, updates));
    for (const ref of known) {
      const checkpoint = { ...ref, origin: origins.get(ref.hash) ?? null };
      const because =
        (here.has(ref) ? undefined : `not in ${artifactFolder}: lost, or of another RATCHET_ARTIFACTS`) ??
        (await reasonFor(ref)) ??
        (bytes <= budgetBytes ? within : undefined) ??
        (await remove(
          tables,
          artifactFolder,
          staging,
          { ...ref, madeBy: updates.filter(({ hash }) => hash === ref.hash).length },
          dryRun,
        ));
      if (because === undefined) {
        removed.push(checkpoint);
        bytes -= ref.bytes;
      } else kept.push({ ...checkpoint, because });
    }
  });
  return { removed, kept, bytes };
}

/** Why a checkpoint stays whatever the budget; undefined where it need not. */
async function reasons(
  tables: Kysely<Tables>,
  artifactFolder: string,
  keep: readonly string[],
  checkpoints: readonly ArtifactRef[],
  needed: ReadonlyMap<string, string>,
): Promise<(ref: ArtifactRef) => Promise<string | undefined>> {
  const known = new Map([
    ...needed,
    ...keep.map((hash) => [hash, "the run that collects works with it"] as const),
  ]);
  const others = checkpoints.map(({ hash }) => hash).filter((hash) => !known.has(hash));
  const named = await namedAmong(tables, others);
  const bases = await basesOf(checkpoints.map((ref) => artifactPath(artifactFolder, ref)));
  return async (ref) =>
    known.get(ref.hash) ??
    named.get(ref.hash) ??
    (await basePolicy(artifactPath(artifactFolder, ref))) ??
    (bases.has(ref.hash) ? "the weights that a stored adapter adds to" : undefined);
}

/** `madeBy`: so many updates had made it when the collection began. */
type Doomed = ArtifactRef & { readonly madeBy: number };

const leased = "leased, committed or named since: just written, or about to be used";

/** Why it was not removed after all; undefined where it was. */
async function remove(
  tables: Kysely<Tables>,
  artifactFolder: string,
  staging: string,
  checkpoint: Doomed,
  dryRun: boolean,
): Promise<string | undefined> {
  if (dryRun)
    return (await isLeased(tables, checkpoint.hash)) || (await isNamed(tables, checkpoint.hash))
      ? leased
      : undefined;
  const aside = await stagingPath(diskFileSystem, staging);
  try {
    const because = await tables
      .transaction()
      .execute((tx) => setAside(tx, artifactFolder, checkpoint, aside));
    if (because !== undefined) return because;
    await rm(aside, { recursive: true, force: true });
    return undefined;
  } catch (error) {
    throw storageFailure(error, `remove ${artifactPath(artifactFolder, checkpoint)}`);
  }
}

const bytesOf = (checkpoints: readonly ArtifactRef[]) =>
  checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);

async function hereAmong(
  artifactFolder: string,
  checkpoints: readonly ArtifactRef[],
): Promise<readonly ArtifactRef[]> {
  const here: ArtifactRef[] = [];
  for (const ref of checkpoints) {
    const path = artifactPath(artifactFolder, ref);
    const isHere = await diskFileSystem.lstat(path).then(
      () => true,
      // One that cannot be looked at is not collected either.
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
    );
    if (isHere) here.push(ref);
  }
  return here;
}

/** Oldest first. */
async function knownCheckpoints(tables: Kysely<Tables>): Promise<ArtifactRef[]> {
  const rows = await tables
    .selectFrom("artifacts")
    .select(["kind", "hash", "bytes"])
    .where("kind", "=", "checkpoint")
    .orderBy("created_at")
    .orderBy("hash")
    .execute();
  return rows.map(({ kind, hash, bytes }) => ({ kind, hash, bytes: Number(bytes) }));
}

/** Hashes of the checkpoints whose weights adapters among these folders need: an adapter's manifest names its base. */
async function basesOf(paths: readonly string[]): Promise<ReadonlySet<unknown>> {
  const bases = new Set<unknown>();
  for (const path of paths) bases.add((await manifestOf(path)).base);
  return bases;
}

/** A checkpoint's manifest names its parent; that of a policy which Ratchet did not train is null. */
async function basePolicy(path: string): Promise<string | undefined> {
  const { parent } = await manifestOf(path);
  return parent === null ? "a policy to start from, which no update could make again" : undefined;
}

/**
 * One that is gone or damaged says nothing; what an update made can be made again. One that cannot be read may be that of
 * a policy to start from: nothing is collected.
 */
async function manifestOf(path: string): Promise<{ parent?: unknown; base?: unknown }> {
  const file = join(path, "manifest.json");
  const text = await diskFileSystem.readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "{}";
    throw storageFailure(error, `read ${file}`);
  });
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function isLeased(tables: Kysely<Tables>, hash: string): Promise<boolean> {
  const lease = await tables
    .selectFrom("leases")
    .select("hash")
    .where("hash", "=", hash)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  return lease !== undefined;
}

/** As `remove`: why it was not set aside. */
async function setAside(
  tx: Transaction<Tables>,
  artifactFolder: string,
  checkpoint: Doomed,
  aside: string,
): Promise<string | undefined> {
  await lockHash(tx, checkpoint.hash);
  if (await isLeased(tx, checkpoint.hash)) return leased;
  if (await isMadeAgain(tx, checkpoint)) return leased;
  if (await isNamed(tx, checkpoint.hash)) return leased;
  const path = artifactPath(artifactFolder, checkpoint);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "taken away meanwhile";
    throw error;
  }
  // Back after a power cut, without its row, it would never be collected.
  await syncFolder(diskFileSystem, dirname(path));
  await tx.deleteFrom("artifacts").where("hash", "=", checkpoint.hash).execute();
  return undefined;
}

/** An update committed it after the collection had looked: its lease is gone, and it is the newest of its branch. */
async function isMadeAgain(tx: Kysely<Tables>, { hash, madeBy }: Doomed): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM lineage WHERE checkpoint->>'hash' = ${hash} LIMIT ${madeBy + 1}`.execute(tx);
  return rows.length > madeBy;
}

async function lockHash(tx: Transaction<Tables>, hash: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${hash}, 0))`.execute(tx);
}
