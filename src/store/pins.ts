/** What the policies that runs name stand for, in Postgres: the first word counts. */
import type { Kysely } from "kysely";
import type { PolicyPin } from "../core/ports/runs.ts";
import type { Tables } from "./tables.ts";

export async function putPin(tables: Kysely<Tables>, pin: PolicyPin): Promise<PolicyPin> {
  await tables
    .insertInto("pins")
    .values(pin)
    .onConflict((conflict) => conflict.columns(["run", "source"]).doNothing())
    .execute();
  return (await pinsOf(tables, pin.run)).find(({ source }) => source === pin.source)!;
}

export function pinsOf(tables: Kysely<Tables>, run: string): Promise<PolicyPin[]> {
  return tables.selectFrom("pins").selectAll().where("run", "=", run).orderBy("source").execute();
}
