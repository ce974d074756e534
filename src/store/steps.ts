/**
 * The step ledger in Postgres. A fence is drawn from a sequence while the step's row is locked, so of two attempts the
 * later claim always has the greater fence, whatever Temporal calls the attempts.
 */
import { type Kysely, sql, type Transaction } from "kysely";
import { RatchetError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type {
  CommitAlongside,
  ProgressNote,
  StepClaim,
  StepCommit,
  StepIdentity,
  StepLedger,
} from "../core/ports/steps.ts";
import type { Database } from "./database.ts";
import { insertLineage } from "./lineage.ts";
import { updateProgress } from "./stages.ts";
import type { Tables } from "./tables.ts";

/** Whether everything that a result names is stored, and undamaged. */
type HasArtifacts = (result: Json) => Promise<boolean>;

export function createStepLedger(database: Database, hasArtifacts: HasArtifacts): StepLedger {
  return {
    claim: async (step, progress) => {
      const claimed = await database.run((tables) => tables.transaction().execute((tx) => claim(tx, step)));
      if (claimed.state === "claimed") return claimed;
      if (await hasArtifacts(claimed.result)) {
        await database.run((tables) => noteProgress(tables, progress, branchIn(claimed.result)));
        return claimed;
      }
      const fence = await database.run((tables) => reopen(tables, step.key));
      // Another attempt was faster: its claim is overtaken as any other.
      return fence === undefined
        ? database.run((tables) => claim(tables, step))
        : { state: "claimed", fence };
    },
    countFailure: (key) =>
      database.run(async (tables) => {
        const { failures } = await tables
          .updateTable("steps")
          .set({ failures: sql<number>`failures + 1` })
          .where("key", "=", key)
          .returning("failures")
          .executeTakeFirstOrThrow();
        return failures;
      }),
    commit: (key, fence, result, alongside = {}) =>
      database.run((tables) =>
        tables.transaction().execute((tx) => commit(tx, key, fence, result, alongside)),
      ),
  };
}

async function reopen(tables: Kysely<Tables>, key: string): Promise<number | undefined> {
  const reopened = await tables
    .updateTable("steps")
    .set({
      state: "claimed",
      result: null,
      committed_at: sql<never>`NULL`,
      fence: sql<number>`nextval('fences')`,
    })
    .where("key", "=", key)
    .where("state", "=", "committed")
    .returning("fence")
    .executeTakeFirst();
  return reopened && Number(reopened.fence);
}

async function claim(tx: Kysely<Tables>, step: StepIdentity): Promise<StepClaim> {
  const nextFence = sql<number>`nextval('fences')`;
  const claimed = await tx
    .insertInto("steps")
    .values({ ...step, fence: nextFence, state: "claimed" })
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet({ fence: nextFence }).where("steps.state", "=", "claimed"),
    )
    .returning("fence")
    .executeTakeFirst();
  if (claimed !== undefined) return { state: "claimed", fence: Number(claimed.fence) };
  const committed = await tx
    .selectFrom("steps")
    .select("result")
    .where("key", "=", step.key)
    .where("state", "=", "committed")
    .executeTakeFirst();
  // Between the two statements somebody may have opened it again, because its artifacts were lost.
  return committed ? { state: "committed", result: committed.result as Json } : claim(tx, step);
}

async function commit(
  tx: Transaction<Tables>,
  key: string,
  fence: number,
  result: Json,
  alongside: CommitAlongside,
): Promise<StepCommit> {
  const committed = await tx
    .updateTable("steps")
    .set({ state: "committed", result: JSON.stringify(result), committed_at: sql<never>`now()` })
    .where("key", "=", key)
    .where("fence", "=", String(fence))
    .where("state", "=", "claimed")
    .returning("key")
    .executeTakeFirst();
  if (committed === undefined) return firstResult(tx, key, fence);
  const branch =
    alongside.lineage === undefined
      ? undefined
      : await insertLineage(tx, alongside.lineage, alongside.recipe);
  await noteProgress(tx, alongside.progress, branch);
  if (branch === undefined) return { result, isOwn: true };
  const placed = { ...(result as JsonObject), branch };
  await tx
    .updateTable("steps")
    .set({ result: JSON.stringify(placed) })
    .where("key", "=", key)
    .execute();
  return { result: placed, isOwn: true };
}

const branchIn = (result: Json) => (result as { readonly branch?: number } | null)?.branch;

async function noteProgress(
  tables: Kysely<Tables>,
  note: ProgressNote | undefined,
  branch: number | undefined,
): Promise<void> {
  if (note === undefined) return;
  const { run, stage, progress } = note;
  await updateProgress(tables, run, stage, { ...progress, ...(branch !== undefined && { branch }) });
}

/** The commit changed nothing: the step is committed already, this attempt's answer lost, or the attempt was overtaken. */
async function firstResult(tx: Kysely<Tables>, key: string, fence: number): Promise<StepCommit> {
  const step = await tx
    .selectFrom("steps")
    .select(["state", "fence", "result"])
    .where("key", "=", key)
    .executeTakeFirst();
  if (step?.state === "committed")
    return { result: step.result as Json, isOwn: Number(step.fence) === fence };
  const now = step === undefined ? "nobody claimed it" : `fence ${step.fence} has it now`;
  throw new RatchetError(
    "StaleFence",
    `step ${key} was not committed under fence ${fence}: ${now}; drop this attempt's result`,
    { key, fence, newestFence: step === undefined ? undefined : Number(step.fence) },
  );
}
