/**
 * Stages in Postgres. A row's result belongs to the row's input hash and stays until the stage begins with another one;
 * whether it is what the run has come to is for the state to say.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import { makingSets } from "../core/environment/build-name.ts";
import type { Json } from "../core/json.ts";
import type { RunStore, StageRecord, StageState } from "../core/ports/runs.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

type StageStore = Pick<
  RunStore,
  "putStage" | "awaitAgain" | "putProgress" | "getStages" | "getBuilds" | "findCachedStage"
>;

export function createStageStore(database: Database): StageStore {
  return {
    putStage: (stage) =>
      database.run((tables) => (stage.state === "waiting" ? announce(tables, stage) : put(tables, stage))),
    awaitAgain: (run, stages) => database.run((tables) => awaitAgain(tables, run, stages)),
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
    findCachedStage: (inputHash, run) => database.run((tables) => findCached(tables, inputHash, run)),
  };
}

async function announce(tables: Kysely<Tables>, { run, stage, ...row }: StageRecord): Promise<void> {
  await tables
    .insertInto("stages")
    .values({
      run,
      stage,
      type: row.type,
      input_hash: row.inputHash,
      state: "waiting",
      result: null,
      progress: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["run", "stage"])
        .doUpdateSet({ type: row.type, state: "waiting" })
        .where("stages.state", "=", "outdated"),
    )
    .execute();
}

async function put(tables: Kysely<Tables>, stage: StageRecord): Promise<void> {
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
  await tables
    .insertInto("stages")
    .values({ run: stage.run, stage: stage.stage, ...row })
    .onConflict((conflict) =>
      conflict
        .columns(["run", "stage"])
        .doUpdateSet({ ...row, result: kept("result"), progress: kept("progress") })
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
    .execute();
}

async function awaitAgain(tables: Kysely<Tables>, run: string, stages: readonly string[]): Promise<void> {
  if (stages.length === 0) return;
  await tables
    .updateTable("stages")
    .set({ state: "waiting", progress: null })
    .where("run", "=", run)
    .where("stage", "in", stages)
    .execute();
}

/** Of a run whose input is another one now, all stages or one; part of the transaction that gives it that input. */
export async function outdate(tables: Kysely<Tables>, run: string, stage: string | undefined): Promise<void> {
  const all = tables.updateTable("stages").set({ state: "outdated", progress: null }).where("run", "=", run);
  await (stage === undefined ? all : all.where("stage", "=", stage)).execute();
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

async function findCached(tables: Kysely<Tables>, inputHash: string, run: string) {
  const changed = tables.selectFrom("numerics").select("run").where("change", "!=", "none");
  const row = await tables
    .selectFrom("stages")
    .select(["run", "stage", "result"])
    .where("input_hash", "=", inputHash)
    .where("result", "is not", null)
    .where((where) => where.or([where("run", "=", run), where("run", "not in", changed)]))
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
  return row && { run: row.run, stage: row.stage, result: row.result as Json };
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
