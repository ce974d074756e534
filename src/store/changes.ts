/** What people changed while policies trained, in Postgres: a row for each change, written once. */
import type { Kysely } from "kysely";
import type { Difference } from "../core/experiment/difference.ts";
import type { ChangeRecord } from "../core/ports/runs.ts";
import type { Tables } from "./tables.ts";

/** What is kept under its id, this or what was put before. */
export async function putChange(tables: Kysely<Tables>, change: ChangeRecord): Promise<ChangeRecord> {
  const { run, stage, id, iteration, afterTrip = null, changes } = change;
  await tables
    .insertInto("changes")
    .values({ run, stage, id, iteration, changes: JSON.stringify(changes), after_trip: afterTrip })
    .onConflict((conflict) => conflict.columns(["run", "stage", "id"]).doNothing())
    .execute();
  const kept = (await changesOf(tables, run)).find((known) => known.stage === stage && known.id === id);
  return kept!;
}

export async function changesOf(tables: Kysely<Tables>, run: string): Promise<ChangeRecord[]> {
  const rows = await tables
    .selectFrom("changes")
    .select(["stage", "id", "iteration", "changes", "after_trip"])
    .where("run", "=", run)
    .orderBy("position")
    .execute();
  return rows.map(({ changes, after_trip, ...row }) => ({
    run,
    ...row,
    ...(after_trip === null ? {} : { afterTrip: after_trip }),
    changes: changes as Difference[],
  }));
}

/** Those from after the iteration. */
export async function dropChanges(
  tables: Kysely<Tables>,
  { run, stage, iteration }: Pick<ChangeRecord, "run" | "stage" | "iteration">,
): Promise<void> {
  await tables
    .deleteFrom("changes")
    .where("run", "=", run)
    .where("stage", "=", stage)
    .where("iteration", ">", iteration)
    .execute();
}
