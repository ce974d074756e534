/**
 * Which checkpoints somebody may still need, and why, in words: the newest and the best of each branch, what a stage's or
 * another step's result names, what a run's input names, and what a run that is not done goes on after. Any other can be
 * made again from its lineage.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Origin } from "../core/experiment/origin.ts";
import type { Tables } from "./tables.ts";

interface Update {
  readonly run: string;
  readonly stage: string;
  readonly branch: number;
  readonly iteration: number;
  readonly hash: string;
  readonly parent: string;
  readonly reward: number | null;
  readonly loss: number | null;
}

export async function everyUpdate(tables: Kysely<Tables>): Promise<readonly Update[]> {
  const { rows } = await sql<Update>`
    SELECT run, stage, branch, iteration, checkpoint->>'hash' AS hash, parent,
      (metrics->>'rewardMean')::float8 AS reward, (metrics->>'loss')::float8 AS loss
    FROM lineage ORDER BY run, stage, branch, iteration`.execute(tables);
  return rows;
}

/** Hash -> the update that made it: "iteration 3 of tiny, rl". */
export const originsOf = (updates: readonly Update[]): ReadonlyMap<string, string> =>
  new Map(
    updates.map(({ hash, run, stage, iteration }) => [hash, `iteration ${iteration} of ${run}, ${stage}`]),
  );

/** Hash -> why it stays, as the lineage and the runs under way have it. */
export async function neededUpdates(
  tables: Kysely<Tables>,
  rows: readonly Update[],
): Promise<ReadonlyMap<string, string>> {
  const needed = new Map<string, string>();
  const say = (hash: string, why: string) => {
    if (!needed.has(hash)) needed.set(hash, why);
  };
  const branches = new Map<string, Update[]>();
  for (const row of rows) {
    const name = `${row.run}, ${row.stage}, branch ${row.branch}`;
    branches.set(name, [...(branches.get(name) ?? []), row]);
  }
  for (const [name, updates] of branches) {
    const { hash, iteration } = updates.at(-1)!;
    say(hash, `the newest of ${name}: iteration ${iteration}`);
    const best = bestOf(updates);
    if (best !== undefined) say(best.update.hash, `the best of ${name}: ${best.measure}`);
  }
  for (const { run, origin } of await namedOrigins(tables)) {
    const update = updateAt(rows, origin);
    if (update !== undefined) say(update.hash, `run ${run} goes on after it`);
  }
  return needed;
}

/** What an input may name as where it goes on: of a training by hand, or of an experiment's stages. */
interface NamingOrigins {
  readonly from?: Origin;
  readonly stages?: Readonly<Record<string, { readonly from?: Origin }>>;
}

/**
 * Where forks, and runs that were gone back in, begin. Read here and not by SQL, whose JSON functions refuse a whole input
 * for one U+0000 in it.
 */
async function namedOrigins(tables: Kysely<Tables>): Promise<{ run: string; origin: Origin }[]> {
  const rows = await tables
    .selectFrom("runs")
    .select(["run", "input"])
    .where("state", "!=", "done")
    .orderBy("run")
    .execute();
  return rows.flatMap(({ run, input }) => {
    const { from, stages = {} } = input as NamingOrigins;
    const origins = [from, ...Object.values(stages).map((stage) => stage.from)];
    return origins.filter((origin) => origin !== undefined).map((origin) => ({ run, origin }));
  });
}

/** The last one up to that iteration, which may have made none: on the branch itself, or on one that it came from. */
function updateAt(rows: readonly Update[], { run, stage, branch, iteration }: Origin): Update | undefined {
  const updates = rows.filter((update) => update.run === run && update.stage === stage);
  const own = updates.filter((update) => update.branch === branch);
  let at = own.findLast((update) => update.iteration <= iteration) ?? own[0];
  while (at !== undefined && at.iteration > iteration) {
    const { parent } = at;
    at = updates.find(({ hash }) => hash === parent);
  }
  return at;
}

/**
 * A batch's mean reward, or a supervised batch's loss, is that of the policy the update started from: an iteration
 * measures what the one before it made. The newest checkpoint is not measured yet.
 */
function bestOf(updates: readonly Update[]): { update: Update; measure: string } | undefined {
  let best: { update: Update; measure: string; score: number } | undefined;
  for (const { parent, reward, loss } of updates) {
    const update = updates.find(({ hash }) => hash === parent);
    const score = reward ?? (loss === null ? undefined : -loss);
    if (update === undefined || score === undefined || (best !== undefined && score <= best.score)) continue;
    const measure = reward === null ? `loss ${loss!.toFixed(4)}` : `mean reward ${reward.toFixed(4)}`;
    best = { update, measure: `iteration ${update.iteration}, ${measure}`, score };
  }
  return best;
}

/** Texts that may name a checkpoint. An update's own result does not count: its lineage row says whether it is needed. */
const naming = (steps: RawBuilder<unknown>) => sql`
  SELECT 'result of stage ' || stage || ' of run ' || run AS who, result::text AS said, 1 AS rank FROM stages
  UNION ALL
  SELECT 'named in the input of run ' || run, input::text, 2 FROM runs
  UNION ALL
  SELECT 'result of a step (' || kind || ') of run ' || run, result::text, 3 FROM steps
    WHERE ${steps} AND NOT EXISTS (SELECT 1 FROM lineage WHERE lineage.step_key = steps.key)`;

/**
 * Hash -> who names it; every text is read once, however many hashes there are. Of steps' results only references are
 * found, which say their kind; `isNamed` finds a bare hash too.
 */
export async function namedAmong(
  tables: Kysely<Tables>,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await sql<{ hash: string; who: string }>`
    SELECT DISTINCT ON (hash) found[1] AS hash, who
    FROM (${naming(sql`result::text LIKE '%"checkpoint"%'`)}) AS named,
      regexp_matches(said, '[0-9a-f]{64}', 'g') AS found
    WHERE found[1] = ANY (${hashes}::text[])
    ORDER BY hash, rank, who`.execute(tables);
  return new Map(rows.map(({ hash, who }) => [hash, who]));
}

/** The same of one, whatever stands around it. */
export async function isNamed(tables: Kysely<Tables>, hash: string): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM (${naming(sql`true`)}) AS named WHERE said LIKE ${`%${hash}%`} LIMIT 1`.execute(tables);
  return rows.length > 0;
}
