/** What collection takes and what it must leave. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

let postgres: TestPostgres;
let folder: string;
let store: Store;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ratchet-garbage-"));
  const databaseUrl = await postgres.freshDatabase();
  store = await openStore({ databaseUrl, artifactFolder: folder });
  client = new pg.Client(databaseUrl);
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function checkpoint(name: string, facts = {}): Promise<ArtifactRef> {
  const staging = await store.artifacts.stagingFolder();
  await writeFile(join(staging, "weights.bin"), name.padEnd(1000));
  return store.artifacts.adoptFolder("checkpoint", staging, facts);
}

/** As if a day had passed. */
const expireLeases = () => client.query("UPDATE leases SET expires_at = now() - interval '1 second'");

async function stored(): Promise<string[]> {
  const shards = await readdir(join(folder, "checkpoint"));
  const hashes = await Promise.all(shards.map((shard) => readdir(join(folder, "checkpoint", shard))));
  return hashes.flat().sort();
}
const hashes = (refs: ArtifactRef[]) => refs.map(({ hash }) => hash).sort();

async function chain(length: number): Promise<ArtifactRef[]> {
  const made: ArtifactRef[] = [];
  for (let iteration = 1; iteration <= length; iteration++) {
    const ref = await checkpoint(`iteration ${iteration}`);
    const step = { key: `update ${iteration}`, kind: "update", run: "run", branch: 0, iteration };
    const claim = await store.ledger.claim(step);
    if (claim.state !== "claimed") throw new Error("committed before");
    const lineage = {
      run: "run",
      stage: "train",
      branch: 0,
      iteration,
      stepKey: step.key,
      parent: made.at(-1)?.hash ?? "base",
      checkpoint: ref,
      weightsSha256: "w",
      optimizerSha256: "o",
      metrics: {},
    };
    await store.ledger.commit(step.key, claim.fence, { checkpoint: { ...ref } }, { lineage });
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

  it("takes the oldest until the budget is met", async () => {
    const made = await chain(5);
    await expireLeases();
    const budget = made.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(await store.collectGarbage([], budget)).toEqual({ removed: [made[0]], bytes: budget });
  });

  it("leaves the newest two of a branch, whatever the budget", async () => {
    const made = await chain(4);
    await expireLeases();
    expect((await store.collectGarbage([], 0)).removed).toEqual(made.slice(0, 2));
    expect(await stored()).toEqual(hashes(made.slice(2)));
  });

  it("leaves what the caller names, what a stage's result names and what another step's result names", async () => {
    const made = await chain(4);
    const base = await checkpoint("base");
    const claim = await store.ledger.claim({
      key: "base",
      kind: "prepare",
      run: "run",
      branch: 0,
      iteration: 0,
    });
    await store.ledger.commit("base", claim.state === "claimed" ? claim.fence : 0, { ...base });
    await store.runs.putStage({
      run: "run",
      stage: "cold-start",
      type: "train",
      inputHash: "h",
      state: "done",
      result: { policy: { ...made[1]! } },
    });
    await expireLeases();
    expect((await store.collectGarbage([made[0]!.hash], 0)).removed).toEqual([]);
    expect((await store.collectGarbage([], 0)).removed).toEqual([made[0]]);
    expect(await stored()).toEqual(hashes([base, ...made.slice(1)]));
  });

  it("leaves what was just written and not yet committed, and takes it once its lease is over", async () => {
    const orphan = await checkpoint("orphan");
    expect((await store.collectGarbage([], 0)).removed).toEqual([]);
    await expireLeases();
    expect((await store.collectGarbage([], 0)).removed).toEqual([orphan]);
    await expect(store.artifacts.pathOf(orphan)).rejects.toMatchObject({ type: "ArtifactMissing" });
  });

  it("leaves a base policy, which no update could make again", async () => {
    const base = await checkpoint("base", { parent: null });
    const trained = await checkpoint("trained", { parent: base.hash });
    await expireLeases();
    expect((await store.collectGarbage([], 0)).removed).toEqual([trained]);
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
