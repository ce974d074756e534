/** What collection takes and what it must leave. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../src/core/json.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import type { CommitAlongside, StepIdentity } from "../src/core/ports/steps.ts";
import { diskFileSystem } from "../src/store/file-system.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { asked, onceAsked } from "./query-spies.ts";

let postgres: TestPostgres;
let folder: string;
let databaseUrl: string;
let store: Store;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ratchet-garbage-"));
  databaseUrl = await postgres.freshDatabase();
  store = await openStore({ databaseUrl, artifactFolder: folder });
  client = new pg.Client(databaseUrl);
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function checkpoint(name: string, facts = {}, { artifacts } = store): Promise<ArtifactRef> {
  const staging = await artifacts.stagingFolder();
  await writeFile(join(staging, "weights.bin"), name.padEnd(1000));
  return artifacts.adoptFolder("checkpoint", staging, facts);
}

async function commit(step: StepIdentity, result: JsonObject, alongside?: CommitAlongside): Promise<void> {
  const claim = await store.ledger.claim(step);
  if (claim.state !== "claimed") throw new Error("committed before");
  await store.ledger.commit(step.key, claim.fence, result, alongside);
}

/** What goes on after an iteration of the chain. */
const onAfter = (iteration: number) => ({ from: { run: "run", stage: "train", branch: 0, iteration } });
const trainFrom = (run: string, input: JsonObject, state: "running" | "done" = "running") =>
  store.runs.putRun({ run, workflowType: "trainPolicy", input, state });

/** As if a day had passed. */
const expireLeases = () => client.query("UPDATE leases SET expires_at = now() - interval '1 second'");

async function stored(): Promise<string[]> {
  const shards = await readdir(join(folder, "checkpoint"));
  const hashes = await Promise.all(shards.map((shard) => readdir(join(folder, "checkpoint", shard))));
  return hashes.flat().sort();
}
const hashes = (refs: ArtifactRef[]) => refs.map(({ hash }) => hash).sort();

/** Hashes that a collection takes. */
const removedBy = async (keep: readonly string[], budget: number) =>
  hashes([...(await store.collectGarbage(keep, budget)).removed]);

/** How often every step's result was read meanwhile. */
const readings = (work: () => Promise<unknown>) => asked("FROM steps", work);

async function commitUpdate(
  { run, iteration, parent }: { run: string; iteration: number; parent: string },
  checkpoint: ArtifactRef,
  metrics: Record<string, number> = {},
): Promise<void> {
  const step = { key: `update ${iteration} of ${run}`, kind: "update", run, branch: 0, iteration };
  const hashes = { weightsSha256: "w", optimizerSha256: "o" };
  const at = { run, stage: "train", branch: 0, iteration };
  const lineage = { ...at, stepKey: step.key, parent, checkpoint, ...hashes, metrics };
  await commit(step, { checkpoint: { ...checkpoint } }, { lineage });
}

async function chain(length: number, rewards: number[] = [], withoutUpdate = 0): Promise<ArtifactRef[]> {
  const made: ArtifactRef[] = [];
  for (let iteration = 1; iteration <= length; iteration++) {
    if (iteration === withoutUpdate) continue;
    const ref = await checkpoint(`iteration ${iteration}`);
    const parent = made.at(-1)?.hash ?? "base";
    const metrics = rewards.length === 0 ? {} : { rewardMean: rewards[iteration - 1]! };
    await commitUpdate({ run: "run", iteration, parent }, ref, metrics);
    made.push(ref);
  }
  return made;
}

describe("collecting garbage", () => {
  it("takes nothing within the budget", async () => {
    const made = await chain(4);
    await expireLeases();
    expect((await store.collectGarbage([], 1e9)).removed).toEqual([]);
    expect(await stored()).toEqual(hashes(made));
  });

  it("forgets nothing that lies in another folder, whatever it collects in its own", async () => {
    const base = await checkpoint("base", { parent: null });
    const made = await chain(3);
    await expireLeases();
    const elsewhere = await mkdtemp(join(tmpdir(), "ratchet-garbage-"));
    const other = await openStore({ databaseUrl, artifactFolder: elsewhere });
    const there = await checkpoint("made there", {}, other);
    await expireLeases();
    const { removed, kept, bytes } = await other.collectGarbage([], 0);
    expect([hashes([...removed]), bytes]).toEqual([[there.hash], 0]);
    expect(hashes([...kept])).toEqual(hashes([base, ...made]));
    expect(new Set(kept.map(({ because }) => because))).toEqual(
      new Set([`not in ${elsewhere}: lost, or of another RATCHET_ARTIFACTS`]),
    );
    await other.close();
    await rm(elsewhere, { recursive: true });
    expect(await removedBy([], 0)).toEqual(hashes(made.slice(0, 2)));
    expect(await stored()).toEqual(hashes([base, made[2]!]));
  });

  it("goes on where a removal was killed before it was committed, and counts what is here", async () => {
    const lost = await checkpoint("lost");
    await expireLeases();
    await rm(await store.artifacts.pathOf(lost), { recursive: true });
    expect(await store.collectGarbage([], 0)).toMatchObject({ removed: [], bytes: 0 });
    const made = await chain(2);
    await expireLeases();
    const budget = made[0]!.bytes + made[1]!.bytes;
    expect(await removedBy([], budget)).toEqual([]);
    // Made again, it is collected as any other.
    await checkpoint("lost");
    await expireLeases();
    expect(await removedBy([], 0)).toEqual(hashes([lost, made[0]!]));
  });

  it("looks for who names them once for all, and only above the budget", async () => {
    const made = await chain(6);
    await expireLeases();
    const everything = made.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(await readings(() => store.collectGarbage([], everything))).toBe(0);
    const { kept } = await store.collectGarbage([], everything, true);
    expect(kept[0]).toEqual({
      ...made[0]!,
      origin: "iteration 1 of run, train",
      because: `within the budget of ${everything} bytes`,
    });
    // Once for all of them, and once more for the one that goes.
    expect(await readings(() => store.collectGarbage([], everything - 1))).toBe(2);
    expect(await stored()).toEqual(hashes(made.slice(1)));
  });

  it("takes the oldest until the budget is met", async () => {
    const made = await chain(5);
    await expireLeases();
    const budget = made.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
    const { removed, bytes } = await store.collectGarbage([], budget);
    expect(removed).toEqual([{ ...made[0]!, origin: "iteration 1 of run, train" }]);
    expect(bytes).toBe(budget);
  });

  it("leaves the newest of a branch, whatever the budget", async () => {
    const made = await chain(4);
    await expireLeases();
    expect(await removedBy([], 0)).toEqual(hashes(made.slice(0, 3)));
    expect(await stored()).toEqual(hashes(made.slice(3)));
  });

  it.each([
    ["a fork of a training by hand", onAfter(2)],
    ["an experiment that goes back", { stages: { train: onAfter(2) } }],
  ])("leaves what %s goes on after, until that is done", async (_, input) => {
    const made = await chain(4);
    await expireLeases();
    await trainFrom("fork", input);
    const { kept } = await store.collectGarbage([], 0);
    expect(kept.map(({ origin, because }) => [origin, because])).toEqual([
      ["iteration 2 of run, train", "run fork goes on after it"],
      ["iteration 4 of run, train", "the newest of run, train, branch 0: iteration 4"],
    ]);
    await trainFrom("fork", input, "done");
    expect(await removedBy([], 0)).toEqual([made[1]!.hash]);
  });

  it("reads the inputs of runs whose texts SQL cannot, as of before they were refused", async () => {
    const made = await chain(3);
    await expireLeases();
    const input = { policy: "odd \ud800", stages: { train: { title: "x\u0000", ...onAfter(1) } } };
    await store.runs.putRun({ run: "odd", workflowType: "experiment", input, state: "running" });
    expect(await removedBy([], 0)).toEqual([made[1]!.hash]);
    expect(await store.runs.policySources()).toEqual(["odd \ud800"]);
  });

  it("leaves the last update before what a fork goes on after, where that iteration made none", async () => {
    const made = await chain(4, [], 3);
    await expireLeases();
    await trainFrom("fork", onAfter(3));
    expect(await removedBy([], 0)).toEqual([made[0]!.hash]);
  });

  it("leaves the best of a branch, which the iteration after it measures, and says why of each that stays", async () => {
    const made = await chain(5, [0.1, 0.9, 0.2, 0.3, 0.4]);
    const dry = await store.collectGarbage([], 0, true);
    expect(await stored()).toEqual(hashes(made));
    const report = await store.collectGarbage([], 0);
    expect({ removed: report.removed, kept: report.kept }).toEqual({ removed: dry.removed, kept: dry.kept });
    expect(report.removed.map(({ origin }) => origin)).toEqual([
      "iteration 2 of run, train",
      "iteration 3 of run, train",
      "iteration 4 of run, train",
    ]);
    expect(report.kept.map(({ hash, because }) => [hash, because])).toEqual([
      [made[0]!.hash, "the best of run, train, branch 0: iteration 1, mean reward 0.9000"],
      [made[4]!.hash, "the newest of run, train, branch 0: iteration 5"],
    ]);
  });

  it("leaves what a run's input names: a run by hand may start from any checkpoint", async () => {
    const made = await chain(4);
    await trainFrom("by-hand", { policy: made[0]!.hash });
    await expireLeases();
    expect(await removedBy([], 0)).toEqual(hashes(made.slice(1, 3)));
  });

  it("leaves what the caller names, what a stage's result names and what another step's result names", async () => {
    const made = await chain(4);
    const base = await checkpoint("base");
    await commit({ key: "base", kind: "prepare", run: "run", branch: 0, iteration: 0 }, { ...base });
    await store.runs.putStage({
      run: "run",
      stage: "cold-start",
      type: "train",
      inputHash: "h",
      state: "done",
      result: { policy: { ...made[1]! } },
    });
    await expireLeases();
    expect(await removedBy([made[0]!.hash], 0)).toEqual(hashes([made[2]!]));
    expect(await removedBy([], 0)).toEqual(hashes([made[0]!]));
    expect(await stored()).toEqual(hashes([base, made[1]!, made[3]!]));
  });

  it("leaves what was just written and not yet committed, and takes it once its lease is over", async () => {
    const orphan = await checkpoint("orphan");
    expect((await store.collectGarbage([], 0)).removed).toEqual([]);
    await expireLeases();
    expect(await removedBy([], 0)).toEqual(hashes([orphan]));
    await expect(store.artifacts.pathOf(orphan)).rejects.toMatchObject({ type: "ArtifactMissing" });
  });

  it("leaves a base policy, which no update could make again", async () => {
    const base = await checkpoint("base", { parent: null });
    const trained = await checkpoint("trained", { parent: base.hash });
    await expireLeases();
    expect(await removedBy([], 0)).toEqual(hashes([trained]));
  });

  it("takes nothing while it cannot be read what is a base policy", async () => {
    const base = await checkpoint("base", { parent: null });
    await expireLeases();
    const read = vi.spyOn(diskFileSystem, "readFile");
    read.mockRejectedValue(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }));
    try {
      await expect(store.collectGarbage([], 0)).rejects.toMatchObject({ type: "StorageUnavailable" });
    } finally {
      read.mockRestore();
    }
    expect(await stored()).toEqual([base.hash]);
  });

  it("leaves the weights that a stored adapter adds to, and takes them once the adapter is gone", async () => {
    const weights = await checkpoint("weights");
    const adapter = await checkpoint("adapter", { base: weights.hash });
    await expireLeases();
    expect(await removedBy([adapter.hash], 0)).toEqual([]);
    expect(await removedBy([], 0)).toEqual([adapter.hash]);
    expect(await removedBy([], 0)).toEqual([weights.hash]);
  });

  it("leaves what another run makes again, and commits, once the collection has looked", async () => {
    const [old] = await chain(3, [1, 2, 3]);
    await expireLeases();
    onceAsked("rewardMean", () => commitUpdate({ run: "other", iteration: 1, parent: "base" }, old!));
    expect(await removedBy([], 0)).not.toContain(old!.hash);
    expect(await stored()).toContain(old!.hash);
  });

  it("never takes a checkpoint from under a writer that adopts it again", async () => {
    for (let round = 0; round < 10; round++) {
      await checkpoint("contended");
      await expireLeases();
      const [ref] = await Promise.all([checkpoint("contended"), store.collectGarbage([], 0)]);
      expect(await stored()).toEqual([ref.hash]);
    }
  });
});
