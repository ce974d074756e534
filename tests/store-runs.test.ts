/** Runs, lineage and the connection itself, against a real Postgres. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LineageRecord, TripRecord } from "../src/core/ports/runs.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { insertLineage } from "../src/store/lineage.ts";
import { createRunStore } from "../src/store/runs.ts";
import { openStore } from "../src/store/store.ts";
import { openedStore } from "./support/store.ts";

const opened = openedStore();

const update = (
  run: string,
  branch: number,
  iteration: number,
  stepKey: string,
  parent: string,
): LineageRecord => ({
  run,
  stage: "train",
  branch,
  iteration,
  stepKey,
  parent,
  checkpoint: { kind: "checkpoint", hash: `made-by-${stepKey}`, bytes: 1 },
  weightsSha256: "w",
  optimizerSha256: "o",
  metrics: { reward: 0.5 },
});

describe("what a person changed in a training", () => {
  const made = (id: string, iteration: number, to: number) => ({
    run: "steered",
    stage: "rl",
    id,
    iteration,
    changes: [{ name: "learningRate", from: 0.001, to }],
  });

  it("is kept once, with the iteration it held from at first", async () => {
    const { putChange, changesOf } = opened.store.runs;
    const first = made("b", 4, 0.1);
    expect(await putChange(first)).toEqual(first);
    expect(await putChange(made("a", 3, 0.2))).toEqual(made("a", 3, 0.2));
    expect(await putChange(made("b", 2, 0.1))).toEqual(first);
    expect(await changesOf("steered")).toEqual([first, made("a", 3, 0.2)]);
    const afterTrip = { ...made("c", 5, 0.4), run: "tripped-before", afterTrip: "t" };
    expect(await putChange(afterTrip)).toEqual(afterTrip);
    expect(await changesOf("other")).toEqual([]);
  });

  it("is dropped from after the iteration that a run goes back to, with the input it goes on with", async () => {
    const { goBack, changesOf, getRun, putChange } = opened.store.runs;
    const elsewhere = { ...made("c", 9, 0.3), stage: "cold-start" };
    await putChange(elsewhere);
    const run = { run: "steered", workflowType: "experiment", state: "done" } as const;
    await goBack({ ...run, input: { again: 1 } }, "rl", 3);
    expect(await changesOf("steered")).toEqual([made("a", 3, 0.2), elsewhere]);
    // Whoever was to begin it may die before: it is not done with this input.
    expect(await getRun("steered")).toMatchObject({ input: { again: 1 }, state: "stopped" });
  });
});

describe("what a policy's name stands for in a run", () => {
  it("is the first word, and is known where lost policies are made again", async () => {
    const pin = (run: string, pinned: string) => ({ run, source: "hf:org/name@main", pinned });
    const { putPin, pinsOf, policySources } = opened.store.runs;
    expect(await putPin(pin("pinned", "hf:org/name@1"))).toEqual(pin("pinned", "hf:org/name@1"));
    expect(await putPin(pin("pinned", "hf:org/name@2"))).toEqual(pin("pinned", "hf:org/name@1"));
    expect(await putPin(pin("elsewhere", "hf:org/name@2"))).toEqual(pin("elsewhere", "hf:org/name@2"));
    expect(await pinsOf("pinned")).toEqual([pin("pinned", "hf:org/name@1")]);
    expect(await policySources()).toEqual(expect.arrayContaining(["hf:org/name@1", "hf:org/name@2"]));
  });
});

describe("runs", () => {
  it("hold the numerics of whoever computed first", async () => {
    const held = (threads: number) => ({ numerics: { threads }, change: "none" });
    expect(await opened.store.runs.numericsOf("held")).toBeUndefined();
    expect(await opened.store.runs.holdNumerics("held", { threads: 2 })).toEqual(held(2));
    expect(await opened.store.runs.holdNumerics("held", { threads: 4 })).toEqual(held(2));
    expect(await opened.store.runs.holdNumerics("other", { threads: 4 })).toEqual(held(4));
    expect(await opened.store.runs.numericsOf("held")).toEqual(held(2));
  });

  it("hold others only once somebody asked for it, and note after which update", async () => {
    const { holdNumerics, askNumericsChange, numericsChangesOf } = opened.store.runs;
    await holdNumerics("changed", { threads: 2, node: 20 });
    const step = { key: "u1", kind: "update", run: "changed", branch: 0, iteration: 1 };
    const claim = await opened.store.ledger.claim(step);
    if (claim.state !== "claimed") throw new Error("u1 is committed");
    await opened.store.ledger.commit(
      "u1",
      claim.fence,
      {},
      { lineage: update("changed", 0, 1, "u1", "base") },
    );
    await askNumericsChange("changed", { threads: 2 });
    expect(await holdNumerics("changed", { threads: 4, node: 20 })).toEqual({
      numerics: { threads: 4, node: 20 },
      change: "given",
    });
    // Asked once is given once.
    expect((await holdNumerics("changed", { threads: 8, node: 20 })).numerics).toEqual({
      threads: 4,
      node: 20,
    });
    const after = { stage: "train", branch: 0, iteration: 1 };
    const from = { threads: 2, node: 20 };
    const to = { threads: 4, node: 20 };
    expect(await numericsChangesOf("changed")).toEqual([{ run: "changed", after, from, to }]);
  });

  it("note no change where the numerics stay, and the declared ones where nothing was computed yet", async () => {
    const { holdNumerics, askNumericsChange, numericsChangesOf } = opened.store.runs;
    await holdNumerics("same", { threads: 2 });
    await askNumericsChange("same", { threads: 2 });
    expect(await holdNumerics("same", { threads: 2 })).toEqual({ numerics: { threads: 2 }, change: "given" });
    expect(await numericsChangesOf("same")).toEqual([]);
    await askNumericsChange("unbegun", { threads: 2 });
    await holdNumerics("unbegun", { threads: 4, node: 20 });
    expect(await numericsChangesOf("unbegun")).toEqual([
      { run: "unbegun", after: null, from: { threads: 2 }, to: { threads: 4, node: 20 } },
    ]);
  });

  it("note a trip once, however often it is put, and give them in order", async () => {
    const trip = (iteration: number): TripRecord => ({
      run: "tripped",
      stage: "rl",
      branch: 0,
      iteration,
      parent: "p",
      trip: { measure: "KL", value: 2, limit: 1, blames: "policy", sentence: "KL is 2" },
      action: "park",
      outcome: "waits for a person",
    });
    for (const iteration of [3, 2, 3]) await opened.store.runs.putTrip(trip(iteration));
    await opened.store.runs.putTrip({ ...trip(1), run: "other" });
    expect(await opened.store.runs.tripsOf("tripped")).toMatchObject([trip(3), trip(2)]);
  });

  it("are created once, changed by later puts, and the newest is the one created last", async () => {
    const run = {
      run: "a",
      workflowType: "experiment",
      input: { seed: 1 },
      state: "running",
    } as const;
    await opened.store.runs.putRun(run);
    await opened.store.runs.putRun({ ...run, run: "b" });
    await opened.store.runs.putRun({ ...run, state: "done" });
    expect(await opened.store.runs.getRun("a")).toMatchObject({ ...run, state: "done" });
    expect((await opened.store.runs.newestRun())?.run).toBe("b");
    expect(await opened.store.runs.getRun("nobody")).toBeUndefined();
  });
});

describe("lineage", () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase(await opened.postgres.freshDatabase());
  });
  afterAll(() => database.close());
  const record = (update: LineageRecord) =>
    database.run((tables) => tables.transaction().execute((tx) => insertLineage(tx, update)));

  it("keeps the same update on its branch and puts another one on a new branch", async () => {
    const { lineageOf } = createRunStore(database);
    expect(await record(update("l", 0, 1, "k1", "base"))).toBe(0);
    expect(await record(update("l", 0, 2, "k2", "made-by-k1"))).toBe(0);
    expect(await record(update("l", 0, 2, "k2", "made-by-k1"))).toBe(0);
    expect(await record(update("l", 0, 2, "faster", "made-by-k1"))).toBe(1);
    expect(await record(update("l", 0, 2, "faster", "made-by-k1"))).toBe(1);
    expect(await record(update("l", 1, 3, "k3", "made-by-faster"))).toBe(1);
    const steps = async (branch: number) =>
      (await lineageOf("l", "train", branch)).map(({ stepKey }) => stepKey);
    expect(await steps(0)).toEqual(["k1", "k2"]);
    expect(await steps(1)).toEqual(["k1", "faster", "k3"]);
  });

  it("gives each of many writers at once its own branch", async () => {
    const branches = await Promise.all(
      Array.from({ length: 8 }, (_, i) => record(update("race", 0, 1, `k${i}`, "base"))),
    );
    expect(branches.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("the connection", () => {
  it("brings an empty database up to date though five processes' stores open at once", async () => {
    for (let round = 0; round < 3; round++) {
      const databaseUrl = await opened.postgres.freshDatabase();
      const stores = await Promise.all(
        Array.from({ length: 5 }, () => openStore({ databaseUrl, artifactFolder: opened.folder })),
      );
      for (const opened of stores) {
        expect(await opened.runs.newestRun()).toBeUndefined();
        await opened.close();
      }
    }
  });

  it("survives the server's end: an error that may be retried, then work again", async () => {
    const lost: string[] = [];
    const databaseUrl = await opened.postgres.freshDatabase();
    const log = { warn: (_: object, message: string) => void lost.push(message) };
    const other = await openStore({ databaseUrl, artifactFolder: opened.folder, log });
    await opened.postgres.crash();
    await expect(other.runs.newestRun()).rejects.toMatchObject({
      type: "DatabaseUnavailable",
      retryable: true,
    });
    await opened.postgres.start();
    expect(await other.runs.newestRun()).toBeUndefined();
    expect(lost).toContain("a database connection was lost");
    await other.close();
  });
});
