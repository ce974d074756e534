/** The laws of the step ledger, against a real Postgres. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StepIdentity } from "../src/core/ports/steps.ts";
import { openDatabase } from "../src/store/database.ts";
import { diskFileSystem } from "../src/store/file-system.ts";
import { hasArtifacts } from "../src/store/named-artifacts.ts";
import { createStepLedger } from "../src/store/steps.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

let postgres: TestPostgres;
let folder: string;
let databaseUrl: string;
let store: Store;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), "ratchet-store-"));
  databaseUrl = await postgres.freshDatabase();
  store = await openStore({ databaseUrl, artifactFolder: folder });
});

afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

let steps = 0;
const newStep = (): StepIdentity => ({
  key: `step-${++steps}`,
  kind: "update",
  run: "run-1",
  branch: 0,
  iteration: 1,
});

async function claimFence(step: StepIdentity): Promise<number> {
  const claim = await store.ledger.claim(step);
  if (claim.state !== "claimed") throw new Error("the step is committed already");
  return claim.fence;
}

describe("the step ledger", () => {
  it("gives a later claim a greater fence", async () => {
    const step = newStep();
    const first = await claimFence(step);
    expect(await claimFence(step)).toBeGreaterThan(first);
  });

  it("gives a committed step anew where an artifact of its result is gone, a checkpoint apart", async () => {
    const step = newStep();
    const ref = await store.artifacts.putJson("shard", { lost: "soon" });
    await store.ledger.commit(step.key, await claimFence(step), { shard: { ...ref } });
    expect((await store.ledger.claim(step)).state).toBe("committed");
    await rm(join(folder, "shard", ref.hash.slice(0, 2), ref.hash));
    const fence = await claimFence(step);
    await store.artifacts.putJson("shard", { lost: "soon" });
    await store.ledger.commit(step.key, fence, { shard: { ...ref } });
    expect(await store.ledger.claim(step)).toEqual({ state: "committed", result: { shard: ref } });

    const update = newStep();
    const checkpoint = { kind: "checkpoint", hash: "c".repeat(64), bytes: 1 };
    await store.ledger.commit(update.key, await claimFence(update), { checkpoint });
    expect((await store.ledger.claim(update)).state).toBe("committed");
  });

  it("keeps a committed step whose artifact cannot be read for now: it is sampled once, however the disk does", async () => {
    const step = newStep();
    const ref = await store.artifacts.putJson("shard", { read: "later" });
    await store.ledger.commit(step.key, await claimFence(step), { shard: { ...ref } });
    let fails = true;
    const open: typeof diskFileSystem.open = (...given) =>
      fails
        ? Promise.reject(Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" }))
        : diskFileSystem.open(...given);
    const database = await openDatabase(databaseUrl);
    try {
      const fs = { ...diskFileSystem, open };
      const ledger = createStepLedger(database, (result) => hasArtifacts(fs, folder, result));
      await expect(ledger.claim(step)).rejects.toMatchObject({ type: "StorageUnavailable", retryable: true });
      fails = false;
      expect(await ledger.claim(step)).toEqual({ state: "committed", result: { shard: ref } });
    } finally {
      await database.close();
    }
  });

  it("refuses the commit of an attempt that was overtaken, and names both fences", async () => {
    const step = newStep();
    const frozen = await claimFence(step);
    const newest = await claimFence(step);
    await expect(store.ledger.commit(step.key, frozen, "late")).rejects.toMatchObject({
      type: "StaleFence",
      retryable: true,
      message: `step ${step.key} was not committed under fence ${frozen}: fence ${newest} has it now; drop this attempt's result`,
    });
    const commit = (fence: number, result: string) => store.ledger.commit(step.key, fence, result);
    expect(await commit(newest, "first")).toEqual({ result: "first", isOwn: true });
    expect(await commit(frozen, "late")).toEqual({ result: "first", isOwn: false });
    // Its answer was lost: it commits once more.
    expect(await commit(newest, "first")).toEqual({ result: "first", isOwn: true });
    expect(await store.ledger.claim(step)).toEqual({ state: "committed", result: "first" });
  });

  it("refuses the commit of a step that nobody claimed", async () => {
    await expect(store.ledger.commit("unclaimed", 1, null)).rejects.toMatchObject({ type: "StaleFence" });
  });

  it("gives back what was committed as it was: order of members, numbers, any character", async () => {
    const step = newStep();
    const result = { z: 1, a: [0.1, 1e-300, -5e21, 3], text: "\u0000 \ud83d\ude00 \ud800", nothing: null };
    await store.ledger.commit(step.key, await claimFence(step), result);
    const claim = await store.ledger.claim(step);
    expect(JSON.stringify(claim)).toBe(JSON.stringify({ state: "committed", result }));
  });

  it("counts the failures of a step's own work", async () => {
    const step = newStep();
    await store.ledger.claim(step);
    expect(await store.ledger.countFailure(step.key)).toBe(1);
    await store.ledger.claim(step);
    expect(await store.ledger.countFailure(step.key)).toBe(2);
  });

  it("commits one result whatever the order in which attempts claim and commit", async () => {
    const attempts = ["first", "second", "third"] as const;
    type Action = { attempt: (typeof attempts)[number]; act: "claim" | "commit" };
    const action: fc.Arbitrary<Action> = fc.record({
      attempt: fc.constantFrom(...attempts),
      act: fc.constantFrom("claim" as const, "commit" as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        const step = newStep();
        const fences = new Map<string, number>();
        let newest = 0;
        let committed: string | undefined;
        for (const { attempt, act } of actions) {
          if (act === "claim") {
            const claim = await store.ledger.claim(step);
            if (committed !== undefined) expect(claim).toEqual({ state: "committed", result: committed });
            else if (claim.state === "claimed") {
              expect(claim.fence).toBeGreaterThan(newest);
              newest = claim.fence;
              fences.set(attempt, claim.fence);
            } else expect.fail("committed before any commit");
            continue;
          }
          const fence = fences.get(attempt);
          if (fence === undefined) continue;
          const commit = store.ledger.commit(step.key, fence, attempt);
          if (committed === undefined && fence !== newest)
            await expect(commit).rejects.toMatchObject({ type: "StaleFence" });
          else {
            committed ??= attempt;
            expect(await commit).toEqual({ result: committed, isOwn: fence === newest });
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("commits one result when attempts race", async () => {
    for (let round = 0; round < 20; round++) {
      const step = newStep();
      const outcomes = await Promise.allSettled(
        [0, 1, 2, 3, 4, 5].map(async (attempt) => {
          const claim = await store.ledger.claim(step);
          return claim.state === "committed"
            ? claim.result
            : (await store.ledger.commit(step.key, claim.fence, attempt)).result;
        }),
      );
      const results = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      expect(new Set(results).size).toBe(1);
      for (const outcome of outcomes)
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ type: "StaleFence" });
    }
  });

  it("writes lineage and progress with the commit, or neither", async () => {
    const step = newStep();
    await store.runs.putStage({
      run: "run-1",
      stage: "train",
      type: "train",
      inputHash: "i",
      state: "running",
    });
    const alongside = {
      lineage: {
        run: "run-1",
        stage: "train",
        branch: 0,
        iteration: 1,
        stepKey: step.key,
        parent: "a".repeat(64),
        checkpoint: { kind: "checkpoint", hash: "b".repeat(64), bytes: 10 },
        weightsSha256: "c".repeat(64),
        optimizerSha256: "d".repeat(64),
        metrics: { loss: 0.25 },
      },
      progress: { run: "run-1", stage: "train", progress: { iteration: 1 } },
    };
    const stale = await claimFence(step);
    const fence = await claimFence(step);
    await expect(store.ledger.commit(step.key, stale, {}, alongside)).rejects.toMatchObject({
      type: "StaleFence",
    });
    expect(await store.runs.lineageOf("run-1", "train", 0)).toEqual([]);
    expect(await store.ledger.commit(step.key, fence, { loss: 0.25 }, alongside)).toEqual({
      result: { loss: 0.25, branch: 0 },
      isOwn: true,
    });
    expect(await store.runs.lineageOf("run-1", "train", 0)).toEqual([alongside.lineage]);
    expect(await store.runs.getStages("run-1")).toMatchObject([
      { stage: "train", progress: { iteration: 1, branch: 0 } },
    ]);
  });

  it("notes progress again where the step is committed already, for a stage that takes it from before", async () => {
    const step = newStep();
    const note = { run: "run-1", stage: "train", progress: { iteration: 2 } };
    await store.ledger.commit(step.key, await claimFence(step), { branch: 3 }, { progress: note });
    await store.runs.putProgress("run-1", "train", { iteration: 0 });
    expect(await store.ledger.claim(step, note)).toMatchObject({ state: "committed" });
    expect(await store.runs.getStages("run-1")).toMatchObject([{ progress: { iteration: 2, branch: 3 } }]);
  });
});
