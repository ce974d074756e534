/**
 * Which checkpoints somebody may still need, and why, in words: the newest and the best of each branch, what a stage's or
 * another step's result names, what a run's input names, and what a run that is not done goes on after. Any other can be
 * made again from its lineage.
 */
import { type Kysely, sql } from "kysely";
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

interface KnownCheckpoints {
  /** Hash -> why it stays. */
  readonly needed: ReadonlyMap<string, string>;
  /** Hash -> the update that made it: "iteration 3 of tiny, rl". */
  readonly origins: ReadonlyMap<string, string>;
}

export async function knownCheckpoints(tables: Kysely<Tables>): Promise<KnownCheckpoints> {
  const { rows } = await sql<Update>`
    SELECT run, stage, branch, iteration, checkpoint->>'hash' AS hash, parent,
      (metrics->>'rewardMean')::float8 AS reward, (metrics->>'loss')::float8 AS loss
    FROM lineage ORDER BY run, stage, branch, iteration`.execute(tables);
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
  const origins = new Map(
    rows.map(({ hash, run, stage, iteration }) => [hash, `iteration ${iteration} of ${run}, ${stage}`]),
  );
  return { needed, origins };
}

/** Where forks, and runs that were gone back in, begin: of a training by hand, or of an experiment's stages. */
async function namedOrigins(tables: Kysely<Tables>): Promise<{ run: string; origin: Origin }[]> {
  const { rows } = await sql<{ run: string; origin: Origin }>`
    SELECT run, jsonb_path_query(input::jsonb, '$.from') AS origin FROM runs WHERE state <> 'done'
    UNION ALL
    SELECT run, jsonb_path_query(input::jsonb, '$.stages.*.from') FROM runs WHERE state <> 'done'`.execute(
    tables,
  );
  return rows;
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

/** Who names the checkpoint; an update's own result does not count, its lineage row says whether it is needed. */
export async function namedBy(tables: Kysely<Tables>, hash: string): Promise<string | undefined> {
  const pattern = `%${hash}%`;
  const { rows } = await sql<{ who: string }>`
    SELECT 'result of stage ' || stage || ' of run ' || run AS who FROM stages WHERE result::text LIKE ${pattern}
    UNION ALL
    SELECT 'named in the input of run ' || run FROM runs WHERE input::text LIKE ${pattern}
    UNION ALL
    SELECT 'result of a step (' || kind || ') of run ' || run FROM steps WHERE result::text LIKE ${pattern}
      AND NOT EXISTS (SELECT 1 FROM lineage WHERE lineage.step_key = steps.key)
    LIMIT 1`.execute(tables);
  return rows[0]?.who;
}
