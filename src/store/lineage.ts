/** Lineage rows: which update made which state, on which branch. A row is written once and never changed. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { JsonObject } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { KnownUpdate, LineageRecord, UpdateRecipe } from "../core/ports/runs.ts";
import type { Tables } from "./tables.ts";

/**
 * Records an update and returns the branch it is on: the one asked for where that iteration is free or is this very step,
 * else the branch that holds the step, else a new one. So a reset never overwrites or inherits history.
 */
export async function insertLineage(
  tx: Transaction<Tables>,
  record: LineageRecord,
  recipe?: UpdateRecipe,
): Promise<number> {
  const { run, stage, iteration, stepKey } = record;
  // One writer per stage at a time, or two could take the same free branch number.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`lineage ${run} ${stage}`}, 0))`.execute(tx);
  const rows = await tx
    .selectFrom("lineage")
    .select(["branch", "iteration", "step_key"])
    .where("run", "=", run)
    .where("stage", "=", stage)
    .orderBy("branch")
    .orderBy("iteration")
    .execute();
  const siblings = rows.filter((row) => row.iteration === iteration);
  const same = siblings.find((row) => row.step_key === stepKey);
  if (same !== undefined) return same.branch;
  const taken = siblings.some((row) => row.branch === record.branch);
  const branch = taken ? Math.max(...rows.map((row) => row.branch)) + 1 : record.branch;
  await tx
    .insertInto("lineage")
    .values({
      run,
      stage,
      branch,
      iteration,
      step_key: stepKey,
      parent: record.parent,
      checkpoint: JSON.stringify(record.checkpoint),
      weights_sha256: record.weightsSha256,
      optimizer_sha256: record.optimizerSha256,
      metrics: JSON.stringify(record.metrics),
      recipe: recipe === undefined ? null : JSON.stringify(recipe),
    })
    .execute();
  // From here on the lineage says whether it is needed.
  await tx.deleteFrom("leases").where("hash", "=", record.checkpoint.hash).execute();
  return branch;
}

/** Every update of a stage, by (branch, iteration). */
export async function stageLineage(
  tables: Kysely<Tables>,
  run: string,
  stage: string,
): Promise<LineageRecord[]> {
  const rows = await tables
    .selectFrom("lineage")
    .selectAll()
    .where("run", "=", run)
    .where("stage", "=", stage)
    .orderBy("branch")
    .orderBy("iteration")
    .execute();
  return rows.map((row) => ({
    run,
    stage,
    branch: row.branch,
    iteration: row.iteration,
    stepKey: row.step_key,
    parent: row.parent,
    checkpoint: row.checkpoint as ArtifactRef,
    weightsSha256: row.weights_sha256,
    optimizerSha256: row.optimizer_sha256,
    metrics: row.metrics as JsonObject,
  }));
}

/** The first one recorded, where several runs made the same state. */
export async function updateThatMade(
  tables: Kysely<Tables>,
  checkpoint: string,
): Promise<KnownUpdate | undefined> {
  const row = await tables
    .selectFrom("lineage")
    .select(["run", "stage", "iteration", "step_key", "checkpoint", "recipe"])
    .where(sql`checkpoint->>'hash'`, "=", checkpoint)
    .where("recipe", "is not", null)
    .orderBy("run")
    .orderBy("stage")
    .orderBy("branch")
    .orderBy("iteration")
    .limit(1)
    .executeTakeFirst();
  return (
    row && {
      run: row.run,
      stage: row.stage,
      iteration: row.iteration,
      stepKey: row.step_key,
      checkpoint: row.checkpoint as ArtifactRef,
      recipe: row.recipe as UpdateRecipe,
    }
  );
}

/**
 * The path from a stage's start to the newest update of `branch`. Each update follows the nearest earlier one that made
 * its parent checkpoint (an iteration with nothing to learn from makes none); the branch's own updates are preferred to
 * those of the branch it left.
 */
export function walkLineage(records: readonly LineageRecord[], branch: number): LineageRecord[] {
  const path: LineageRecord[] = [];
  let next = records.filter((record) => record.branch === branch).at(-1);
  while (next !== undefined) {
    const child: LineageRecord = next;
    path.unshift(child);
    const parents = records
      .filter((record) => record.iteration < child.iteration && record.checkpoint.hash === child.parent)
      .sort((a, b) => b.iteration - a.iteration || a.branch - b.branch);
    next = parents.find((record) => record.branch === child.branch) ?? parents[0];
  }
  return path;
}
