/** Runs in Postgres, with what belongs to them: upserts that may be repeated, reads in one defined order. */
import { type Selectable, sql, type Transaction } from "kysely";
import { contentHash, isHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import { tripId } from "../core/learning/trip-record.ts";
import type { RunRecord, RunState, RunStore, TripRecord } from "../core/ports/runs.ts";
import { changesOf, dropChanges, putChange } from "./changes.ts";
import type { Database } from "./database.ts";
import { stageLineage, updateThatMade, walkLineage } from "./lineage.ts";
import { askNumericsChange, holdNumerics, numericsChangesOf, numericsOf } from "./numerics.ts";
import { pinsOf, putPin } from "./pins.ts";
import { drawFence } from "./record-fences.ts";
import { createStageStore, outdate } from "./stages.ts";
import type { Tables } from "./tables.ts";

export function createRunStore(database: Database, fence?: number): RunStore {
  return {
    fenced: async () => createRunStore(database, await database.run(drawFence)),
    ...createStageStore(database, fence),
    putRun: (run) =>
      database.run((tables) => tables.transaction().execute((tx) => upsertRun(tx, run, fence))),
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
    lineageOf: (run, stage, branch) =>
      database.run(async (tables) => walkLineage(await stageLineage(tables, run, stage), branch)),
    putChange: (change) => database.run((tables) => putChange(tables, change)),
    changesOf: (run) => database.run((tables) => changesOf(tables, run)),
    goBack: (run, stage, iteration) =>
      database.run((tables) =>
        tables.transaction().execute(async (tx) => {
          await upsertRun(tx, { ...run, state: "stopped" });
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

/**
 * Without a fence it is written under the newest. An experiment takes the run over from work by hand of its name, whichever
 * of them began first, and nothing takes it over from an experiment.
 */
async function upsertRun(tx: Transaction<Tables>, run: RunRecord, given?: number): Promise<void> {
  const row = {
    workflow_type: run.workflowType,
    input: JSON.stringify(run.input),
    state: run.state,
    branch: 0, // what no run has had a use for since the first schema
  };
  // Not by its row, which two that begin at once do not find.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`run ${run.run}`}, 0))`.execute(tx);
  const before = await tx
    .selectFrom("runs")
    .select(["input", "fence", "workflow_type"])
    .where("run", "=", run.run)
    .executeTakeFirst();
  if (before !== undefined && before.workflow_type !== run.workflowType) {
    if (run.workflowType !== "experiment") return;
  } else if (given !== undefined && Number(before?.fence ?? 0) > given) return;
  const fence = given ?? (await drawFence(tx));
  await tx
    .insertInto("runs")
    .values({ run: run.run, ...row, fence: String(fence) })
    .onConflict((conflict) =>
      conflict.column("run").doUpdateSet({ ...row, fence: String(fence), updated_at: sql<never>`now()` }),
    )
    .execute();
  const isAnother = before !== undefined && contentHash(before.input as Json) !== contentHash(run.input);
  // What was started by hand is one stage of its run, and says nothing of what others made under that id.
  const { stage } = run.input as { readonly stage?: string };
  if (isAnother) await outdate(tx, run.run, stage, fence);
}

function storedRun(row: Selectable<Tables["runs"]> | undefined): RunRecord | undefined {
  if (row === undefined) return undefined;
  const { run, workflow_type: workflowType, input, state } = row;
  return { run, workflowType, input: input as Json, state: state as RunState };
}
