/** Fences of what runs and stages are recorded to be, from the sequence that steps draw theirs from. */
import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";

export async function drawFence(tables: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ fence: string }>`SELECT nextval('fences') AS fence`.execute(tables);
  return Number(rows[0]!.fence);
}

/** What a row is written under: the attempt's own, or the newest. */
export const fenceValue = (fence: number | undefined) =>
  fence === undefined ? sql<string>`nextval('fences')` : sql<string>`${String(fence)}::bigint`;
