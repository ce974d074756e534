/**
 * Stages in Postgres. A row's result belongs to the row's input hash and stays until the stage begins with another one;
 * whether it is what the run has come to is for the state to say.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import { makingSets } from "../core/environment/build-name.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import type { CachedStage, RunStore, StageRecord, StageState } from "../core/ports/runs.ts";
import type { Database } from "./database.ts";
import { numericsOf } from "./numerics.ts";
import { fenceValue } from "./record-fences.ts";
import type { Tables } from "./tables.ts";

type StageStore = Pick<
  RunStore,
  "putStage" | "awaitAgain" | "putProgress" | "getStages" | "getBuilds" | "findCachedStage"
>;

export function createStageStore(database: Database, fence?: number): StageStore {
  return {
    putStage: (stage) =>
      database.run((tables) =>
        stage.state === "waiting" ? announce(tables, stage, fence) : put(tables, stage, fence),
      ),
    awaitAgain: (run, stages) => database.run((tables) => awaitAgain(tables, run, stages, fence)),
    putProgress: (run, stage, progress) =>
      database.run((tables) => updateProgress(tables, run, stage, progress, fence)),
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

/** Of what is about to be put in a row's place: nobody who began later has written it. */
const isNotOvertaken = sql<boolean>`stages.fence <= excluded.fence`;
const fencedBy = (fence: number | undefined) =>
  fence === undefined ? sql<boolean>`true` : sql<boolean>`stages.fence <= ${String(fence)}::bigint`;

async function announce(
  tables: Kysely<Tables>,
  { run, stage, ...row }: StageRecord,
  fence: number | undefined,
): Promise<void> {
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
      fence: fenceValue(fence),
    })
    .onConflict((conflict) =>
      conflict
        .columns(["run", "stage"])
        .doUpdateSet({ type: row.type, state: "waiting", fence: sql<string>`excluded.fence` })
        .where("stages.state", "=", "outdated")
        .where(isNotOvertaken),
    )
    .execute();
}

async function put(tables: Kysely<Tables>, stage: StageRecord, fence: number | undefined): Promise<void> {
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
    .values({ run: stage.run, stage: stage.stage, ...row, fence: fenceValue(fence) })
    .onConflict((conflict) =>
      conflict
        .columns(["run", "stage"])
        .doUpdateSet({
          ...row,
          result: kept("result"),
          progress: kept("progress"),
          fence: sql<string>`excluded.fence`,
        })
        .where(isNotOvertaken)
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

async function awaitAgain(
  tables: Kysely<Tables>,
  run: string,
  stages: readonly string[],
  fence: number | undefined,
): Promise<void> {
  if (stages.length === 0) return;
  await tables
    .updateTable("stages")
    .set({ state: "waiting", progress: null, fence: fenceValue(fence) })
    .where("run", "=", run)
    .where("stage", "in", stages)
    .where(fencedBy(fence))
    .execute();
}

/** Of a run whose input is another one now, all stages or one; part of the transaction that gives it that input. */
export async function outdate(
  tables: Kysely<Tables>,
  run: string,
  stage: string | undefined,
  fence: number,
): Promise<void> {
  const all = tables
    .updateTable("stages")
    .set({ state: "outdated", progress: null, fence: fenceValue(fence) })
    .where("run", "=", run);
  await (stage === undefined ? all : all.where("stage", "=", stage)).execute();
}

/**
 * Not of a stage that was recorded since. The row's fence stays: who records meanwhile how the stage ends is not overtaken
 * by what says nothing of that. Without a fence it is a step's, which is committed under its own.
 */
export async function updateProgress(
  tables: Kysely<Tables>,
  run: string,
  stage: string,
  progress: Json,
  fence?: number,
): Promise<void> {
  await tables
    .updateTable("stages")
    .set({ progress: JSON.stringify(progress) })
    .where("run", "=", run)
    .where("stage", "=", stage)
    .where(fencedBy(fence))
    .execute();
}

async function findCached(
  tables: Kysely<Tables>,
  inputHash: string,
  run: string,
): Promise<CachedStage | undefined> {
  const rows = await tables
    .selectFrom("stages")
    .leftJoin("numerics", "numerics.run", "stages.run")
    .select(["stages.run", "stage", "type", "result", "numerics", "change"])
    .where("input_hash", "=", inputHash)
    .where("result", "is not", null)
    .orderBy("position")
    .execute();
  const own = await numericsOf(tables, run);
  const isOfSameNumerics = ({ type, numerics }: (typeof rows)[number]) =>
    type === "build" || own === undefined || canonicalJson(numerics as Json) === canonicalJson(own.numerics);
  const row = rows.find(
    (one) => one.run === run || ((one.change ?? "none") === "none" && isOfSameNumerics(one)),
  );
  return (
    row && {
      run: row.run,
      stage: row.stage,
      result: row.result as Json,
      numerics: row.type === "build" ? null : (row.numerics as JsonObject | null),
    }
  );
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
