/** What each run computes with: recorded once, and replaced only where somebody asked for it, which is recorded too. */
import { type Kysely, sql, type Transaction } from "kysely";
import { canonicalJson, type JsonObject } from "../core/json.ts";
import type { HeldNumerics, NumericsChange } from "../core/ports/runs.ts";
import type { Tables } from "./tables.ts";

/** See RunStore.holdNumerics. Done twice it is done once: the second finds what the first recorded. */
export async function holdNumerics(
  tables: Kysely<Tables>,
  run: string,
  numerics: JsonObject,
): Promise<HeldNumerics> {
  await tables
    .insertInto("numerics")
    .values({ run, numerics: JSON.stringify(numerics) })
    .onConflict((conflict) => conflict.column("run").doNothing())
    .execute();
  const held = (await numericsOf(tables, run))!;
  if (held.change !== "asked") return held;
  return tables.transaction().execute(async (tx) => {
    const locked = await tx
      .selectFrom("numerics")
      .select(["numerics", "change"])
      .where("run", "=", run)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (locked.change !== "asked") return { ...locked, numerics: locked.numerics as JsonObject };
    const from = locked.numerics as JsonObject;
    await tx
      .updateTable("numerics")
      .set({ numerics: JSON.stringify(numerics), change: "given" })
      .where("run", "=", run)
      .execute();
    if (canonicalJson(from) !== canonicalJson(numerics)) {
      const change: NumericsChange = { run, after: await lastUpdate(tx, run), from, to: numerics };
      await tx
        .insertInto("numerics_changes")
        .values({ run, change: JSON.stringify(change) })
        .execute();
    }
    return { numerics, change: "given" };
  });
}

export async function askNumericsChange(
  tables: Kysely<Tables>,
  run: string,
  declared: JsonObject,
): Promise<void> {
  await tables
    .insertInto("numerics")
    .values({ run, numerics: JSON.stringify(declared), change: "asked" })
    .onConflict((conflict) => conflict.column("run").doUpdateSet({ change: "asked" }))
    .execute();
}

export async function numericsOf(tables: Kysely<Tables>, run: string): Promise<HeldNumerics | undefined> {
  const row = await tables
    .selectFrom("numerics")
    .select(["numerics", "change"])
    .where("run", "=", run)
    .executeTakeFirst();
  return row && { numerics: row.numerics as JsonObject, change: row.change };
}

export async function numericsChangesOf(tables: Kysely<Tables>, run: string): Promise<NumericsChange[]> {
  const rows = await tables
    .selectFrom("numerics_changes")
    .select("change")
    .where("run", "=", run)
    .orderBy("position")
    .execute();
  return rows.map(({ change }) => change as NumericsChange);
}

async function lastUpdate(tx: Transaction<Tables>, run: string): Promise<NumericsChange["after"]> {
  const { rows } = await sql<{ stage: string; branch: number; iteration: number }>`
    SELECT lineage.stage, lineage.branch, lineage.iteration
    FROM lineage JOIN steps ON steps.key = lineage.step_key
    WHERE lineage.run = ${run} ORDER BY steps.committed_at DESC LIMIT 1`.execute(tx);
  return rows[0] ?? null;
}
