/** Runs and stages in Postgres: upserts that may be repeated, reads in one defined order. */
import { type Kysely, type Selectable, sql } from "kysely";
import { makingSets } from "../core/environment/build-name.ts";
import { isHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import { tripId } from "../core/learning/trip-record.ts";
import type {
  RunRecord,
  RunState,
  RunStore,
  StageRecord,
  StageState,
  StoredRun,
  TripRecord,
} from "../core/ports/runs.ts";
import { changesOf, dropChanges, putChange } from "./changes.ts";
import type { Database } from "./database.ts";
import { insertLineage, stageLineage, updateThatMade, walkLineage } from "./lineage.ts";
import { askNumericsChange, holdNumerics, numericsChangesOf, numericsOf } from "./numerics.ts";
import { pinsOf, putPin } from "./pins.ts";
import type { Tables } from "./tables.ts";

export function createRunStore(database: Database): RunStore {
  return {
    putRun: (run) => database.run((tables) => upsertRun(tables, run)),
    getRun: (run) =>
      database.run(async (tables) =>
        storedRun(await tables.selectFrom("runs").selectAll().where("run", "=", run).executeTakeFirst()),
      ),
    newestRun: () =>
      database.run(async (tables) =>
        storedRun(
          await tables.selectFrom("runs").selectAll().orderBy("position", "desc").limit(1).executeTakeFirst(),
        ),
      ),
    putStage: (stage) => putStage(database, stage),
    putProgress: (run, stage, progress) =>
      database.run((tables) => updateProgress(tables, run, stage, progress)),
    getStages: (run) =>
      database.run(async (tables) => {
        const rows = await tables
          .selectFrom("stages")
          .selectAll()
          .where("run", "=", run)
          .orderBy("position")
          .execute();
        return rows.map(storedStage);
      }),
    getBuilds: () =>
      database.run(async (tables) => {
        const rows = await tables
          .selectFrom("stages")
          .selectAll()
          .where("type", "in", [...makingSets])
          .where("result", "is not", null)
          .orderBy("position")
          .execute();
        return rows.map(storedStage);
      }),
    findCachedStage: (inputHash, run) =>
      database.run(async (tables) => {
        const row = await tables
          .selectFrom("stages")
          .select(["run", "stage", "result"])
          .where("input_hash", "=", inputHash)
          .where("state", "in", ["done", "cached"])
          .where("result", "is not", null)
          .where((where) =>
            where.or([
              where("run", "=", run),
              where(
                "run",
                "not in",
                tables.selectFrom("numerics").select("run").where("change", "!=", "none"),
              ),
            ]),
          )
          .orderBy("position")
          .limit(1)
          .executeTakeFirst();
        return row && { run: row.run, stage: row.stage, result: row.result as Json };
      }),
    putLineage: (record) =>
      database.run((tables) => tables.transaction().execute((tx) => insertLineage(tx, record))),
    lineageOf: (run, stage, branch) =>
      database.run(async (tables) => walkLineage(await stageLineage(tables, run, stage), branch)),
    putChange: (change) => database.run((tables) => putChange(tables, change)),
    changesOf: (run) => database.run((tables) => changesOf(tables, run)),
    goBack: (run, stage, iteration) =>
      database.run((tables) =>
        tables.transaction().execute(async (tx) => {
          await upsertRun(tx, run);
          await dropChanges(tx, { run: run.run, stage, iteration });
        }),
      ),
    putTrip: (trip) =>
      database.run(async (tables) => {
        await tables
          .insertInto("trips")
          .values({ id: tripId(trip), run: trip.run, trip: JSON.stringify(trip) })
          .onConflict((conflict) => conflict.column("id").doNothing())
          .execute();
      }),
    tripsOf: (run) =>
      database.run(async (tables) => {
        const rows = await tables
          .selectFrom("trips")
          .select(["id", "trip"])
          .where("run", "=", run)
          .orderBy("position")
          .execute();
        return rows.map(({ id, trip }) => ({ ...(trip as TripRecord), id }));
      }),
    updateThatMade: (checkpoint) => database.run((tables) => updateThatMade(tables, checkpoint)),
    holdNumerics: (run, numerics) => database.run((tables) => holdNumerics(tables, run, numerics)),
    askNumericsChange: (run, declared) => database.run((tables) => askNumericsChange(tables, run, declared)),
    numericsOf: (run) => database.run((tables) => numericsOf(tables, run)),
    numericsChangesOf: (run) => database.run((tables) => numericsChangesOf(tables, run)),
    putPin: (pin) => database.run((tables) => putPin(tables, pin)),
    pinsOf: (run) => database.run((tables) => pinsOf(tables, run)),
    policySources: () =>
      database.run(async (tables) => {
        // SQL's JSON functions refuse a whole input for one U+0000 in it.
        const runs = await tables.selectFrom("runs").select("input").execute();
        const pins = await tables.selectFrom("pins").select("pinned").execute();
        const named = runs.flatMap(({ input }) => (input as { policy?: string }).policy ?? []);
        const sources = new Set([...named, ...pins.map(({ pinned }) => pinned)]);
        return [...sources].filter((source) => !isHash(source)).sort();
      }),
  };
}

async function upsertRun(tables: Kysely<Tables>, run: RunRecord): Promise<void> {
  const row = {
    workflow_type: run.workflowType,
    input: JSON.stringify(run.input),
    state: run.state,
    branch: run.branch,
  };
  await tables
    .insertInto("runs")
    .values({ run: run.run, ...row })
    .onConflict((conflict) => conflict.column("run").doUpdateSet({ ...row, updated_at: sql<never>`now()` }))
    .execute();
}

async function putStage(database: Database, stage: StageRecord): Promise<void> {
  const row = {
    type: stage.type,
    input_hash: stage.inputHash,
    state: stage.state,
    result: stage.result === undefined ? null : JSON.stringify(stage.result),
    progress: stage.progress === undefined ? null : JSON.stringify(stage.progress),
  };
  // What is absent stays, unless the input changed: a result belongs to the input it was computed from.
  const kept = (column: "result" | "progress") =>
    sql<string>`CASE WHEN stages.input_hash = excluded.input_hash
      THEN coalesce(excluded.${sql.ref(column)}, stages.${sql.ref(column)}) ELSE excluded.${sql.ref(column)} END`;
  await database.run((tables) =>
    tables
      .insertInto("stages")
      .values({ run: stage.run, stage: stage.stage, ...row })
      .onConflict((conflict) =>
        conflict
          .columns(["run", "stage"])
          .doUpdateSet({ ...row, result: kept("result"), progress: kept("progress") })
          .where("excluded.state", "!=", "waiting")
          .where((where) =>
            where.not(
              where.and([
                where("stages.input_hash", "=", where.ref("excluded.input_hash")),
                where("stages.state", "in", ["done", "cached"]),
                where("excluded.state", "=", "running"),
              ]),
            ),
          ),
      )
      .execute(),
  );
}

export async function updateProgress(
  tables: Kysely<Tables>,
  run: string,
  stage: string,
  progress: Json,
): Promise<void> {
  await tables
    .updateTable("stages")
    .set({ progress: JSON.stringify(progress) })
    .where("run", "=", run)
    .where("stage", "=", stage)
    .execute();
}

function storedRun(row: Selectable<Tables["runs"]> | undefined): StoredRun | undefined {
  if (row === undefined) return undefined;
  return {
    run: row.run,
    workflowType: row.workflow_type,
    input: row.input as Json,
    state: row.state as RunState,
    branch: row.branch,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function storedStage(row: Selectable<Tables["stages"]>): StageRecord {
  return {
    run: row.run,
    stage: row.stage,
    type: row.type,
    inputHash: row.input_hash,
    state: row.state as StageState,
    ...(row.result === null ? {} : { result: row.result as Json }),
    ...(row.progress === null ? {} : { progress: row.progress as Json }),
  };
}
