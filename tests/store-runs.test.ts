/** Runs, stages, lineage and the connection itself, against a real Postgres. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LineageRecord, resultOf, type StageRecord, type TripRecord } from "../src/core/ports/runs.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

let postgres: TestPostgres;
let folder: string;
let store: Store;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), "ratchet-store-"));
  store = await openStore({ databaseUrl: await postgres.freshDatabase(), artifactFolder: folder });
});

afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

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
    const { putChange, changesOf } = store.runs;
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
    const { goBack, changesOf, getRun, putChange } = store.runs;
    const elsewhere = { ...made("c", 9, 0.3), stage: "cold-start" };
    await putChange(elsewhere);
    const run = { run: "steered", workflowType: "experiment", state: "stopped", branch: 0 } as const;
    await goBack({ ...run, input: { again: 1 } }, "rl", 3);
    expect(await changesOf("steered")).toEqual([made("a", 3, 0.2), elsewhere]);
    expect((await getRun("steered"))!.input).toEqual({ again: 1 });
  });
});

describe("what a policy's name stands for in a run", () => {
  it("is the first word, and is known where lost policies are made again", async () => {
    const pin = (run: string, pinned: string) => ({ run, source: "hf:org/name@main", pinned });
    const { putPin, pinsOf, policySources } = store.runs;
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
    expect(await store.runs.numericsOf("held")).toBeUndefined();
    expect(await store.runs.holdNumerics("held", { threads: 2 })).toEqual(held(2));
    expect(await store.runs.holdNumerics("held", { threads: 4 })).toEqual(held(2));
    expect(await store.runs.holdNumerics("other", { threads: 4 })).toEqual(held(4));
    expect(await store.runs.numericsOf("held")).toEqual(held(2));
  });

  it("hold others only once somebody asked for it, and note after which update", async () => {
    const { holdNumerics, askNumericsChange, numericsChangesOf } = store.runs;
    await holdNumerics("changed", { threads: 2, node: 20 });
    const step = { key: "u1", kind: "update", run: "changed", branch: 0, iteration: 1 };
    const claim = await store.ledger.claim(step);
    if (claim.state !== "claimed") throw new Error("u1 is committed");
    await store.ledger.commit("u1", claim.fence, {}, { lineage: update("changed", 0, 1, "u1", "base") });
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
    const { holdNumerics, askNumericsChange, numericsChangesOf } = store.runs;
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
    for (const iteration of [3, 2, 3]) await store.runs.putTrip(trip(iteration));
    await store.runs.putTrip({ ...trip(1), run: "other" });
    expect(await store.runs.tripsOf("tripped")).toMatchObject([trip(3), trip(2)]);
  });

  it("are created once, changed by later puts, and the newest is the one created last", async () => {
    const run = {
      run: "a",
      workflowType: "experiment",
      input: { seed: 1 },
      state: "running",
      branch: 0,
    } as const;
    await store.runs.putRun(run);
    await store.runs.putRun({ ...run, run: "b" });
    await store.runs.putRun({ ...run, state: "done", branch: 2 });
    expect(await store.runs.getRun("a")).toMatchObject({ ...run, state: "done", branch: 2 });
    expect((await store.runs.newestRun())?.run).toBe("b");
    expect(await store.runs.getRun("nobody")).toBeUndefined();
    const { createdAt } = (await store.runs.getRun("a"))!;
    expect(new Date(createdAt).toISOString()).toBe(createdAt);
  });
});

describe("stages", () => {
  const stage: StageRecord = { run: "s", stage: "build", type: "build", inputHash: "h1", state: "running" };

  it("keep what a put leaves out, and their order", async () => {
    await store.runs.putStage({ ...stage, progress: { done: 1 } });
    await store.runs.putStage({ ...stage, stage: "train", type: "train", inputHash: "h2", state: "waiting" });
    await store.runs.putStage({ ...stage, state: "done", result: { set: "x" } });
    expect(await store.runs.getStages("s")).toEqual([
      { ...stage, state: "done", result: { set: "x" }, progress: { done: 1 } },
      { ...stage, stage: "train", type: "train", inputHash: "h2", state: "waiting" },
    ]);
  });

  it("stay done when a late attempt says they run", async () => {
    await store.runs.putStage({ ...stage, state: "running", progress: { done: 0 } });
    expect((await store.runs.getStages("s"))[0]).toMatchObject({ state: "done", progress: { done: 1 } });
  });

  it("stay as they are when a resumed run announces them again", async () => {
    await store.runs.putStage({ ...stage, inputHash: "", state: "waiting" });
    expect((await store.runs.getStages("s"))[0]).toMatchObject({ state: "done", inputHash: "h1" });
  });

  it("take progress on its own", async () => {
    await store.runs.putProgress("s", "train", { done: 3 });
    await store.runs.putProgress("s", "nobody", { done: 3 });
    expect((await store.runs.getStages("s")).map(({ progress }) => progress)).toEqual([
      { done: 1 },
      { done: 3 },
    ]);
  });

  it("are found by the hash of their input, by any run", async () => {
    const found = { run: "s", stage: "build", result: { set: "x" } };
    expect(await store.runs.findCachedStage("h1", "other")).toEqual(found);
    expect(await store.runs.findCachedStage("h2", "other")).toBeUndefined();
  });

  it("are found by their own run alone, once it was let go on with other numerics", async () => {
    await store.runs.putStage({ ...stage, run: "mixed", inputHash: "m", state: "done", result: 1 });
    await store.runs.askNumericsChange("mixed", { threads: 2 });
    expect(await store.runs.findCachedStage("m", "other")).toBeUndefined();
    expect(await store.runs.findCachedStage("m", "mixed")).toMatchObject({ run: "mixed", result: 1 });
  });

  it("forget the result of another input", async () => {
    await store.runs.putStage({ ...stage, inputHash: "h3" });
    expect((await store.runs.getStages("s"))[0]).toEqual({ ...stage, inputHash: "h3" });
    expect(await store.runs.findCachedStage("h1", "other")).toBeUndefined();
  });
});

describe("the stages of a run that gets another input", () => {
  const run = { run: "again", workflowType: "experiment", state: "running", branch: 0 } as const;
  const row = (id: string, inputHash: string) => ({ run: "again", stage: id, type: "build", inputHash });
  const { putRun, putStage, getStages, findCachedStage } = {
    putRun: (input: object) => store.runs.putRun({ ...run, input: { ...input } }),
    putStage: (stage: StageRecord) => store.runs.putStage(stage),
    findCachedStage: (hash: string) => store.runs.findCachedStage(hash, "other"),
    getStages: async () =>
      (await store.runs.getStages("again")).map((stored) => [stored.stage, stored.state, resultOf(stored)]),
  };

  it("are as they were where it is the same, in whatever order it is written", async () => {
    await putRun({ seed: 1, rate: 2 });
    for (const id of ["build", "gone", "report"])
      await putStage({ ...row(id, `again ${id}`), state: "done", result: id, progress: { done: 1 } });
    await putRun({ rate: 2, seed: 1 });
    await putStage({ ...row("report", ""), state: "waiting" });
    expect(await getStages()).toEqual([
      ["build", "done", "build"],
      ["gone", "done", "gone"],
      ["report", "done", "report"],
    ]);
  });

  it("have come to nothing from that very write on, and wait once they are known to be part of it", async () => {
    await putRun({ seed: 2 });
    expect((await getStages()).map(([, state, result]) => [state, result])).toEqual(
      Array(3).fill(["outdated", undefined]),
    );
    for (const id of ["build", "report"]) await putStage({ ...row(id, ""), state: "waiting" });
    expect(await getStages()).toEqual([
      ["build", "waiting", undefined],
      ["gone", "outdated", undefined],
      ["report", "waiting", undefined],
    ]);
    expect((await store.runs.getStages("again")).map(({ progress }) => progress)).toEqual(
      Array(3).fill(undefined),
    );
  });

  it("are still found by the hash of their input", async () => {
    for (const id of ["build", "gone", "report"])
      expect(await findCachedStage(`again ${id}`)).toEqual({ run: "again", stage: id, result: id });
  });

  it("show nothing while they are done again, and what they come to after that", async () => {
    await putStage({ ...row("report", "again report"), state: "running" });
    await putStage({ ...row("build", "again build"), state: "cached", result: "build" });
    expect(await getStages()).toEqual([
      ["build", "cached", "build"],
      ["gone", "outdated", undefined],
      ["report", "running", undefined],
    ]);
    await putStage({ ...row("report", "again report"), state: "done", result: "new" });
    expect((await getStages())[2]).toEqual(["report", "done", "new"]);
  });

  it("wait too where a run goes back to an earlier iteration, which gives it another input", async () => {
    await store.runs.goBack({ ...run, input: { seed: 3 } }, "rl", 1);
    expect((await getStages()).map(([, state]) => state)).toEqual(Array(3).fill("outdated"));
  });

  it("are those of the one stage that was started by hand, where others bear the run's id", async () => {
    const hand = { run: "by-hand", workflowType: "trainPolicy", state: "running", branch: 0 } as const;
    for (const id of ["a", "b"]) {
      await store.runs.putRun({ ...hand, input: { stage: id } });
      await putStage({ ...row(id, ""), run: "by-hand", state: "done", result: id });
    }
    await store.runs.putRun({ ...hand, input: { stage: "b", seed: 2 } });
    const stages = await store.runs.getStages("by-hand");
    expect(stages.map(({ stage, state }) => [stage, state])).toEqual([
      ["a", "done"],
      ["b", "outdated"],
    ]);
  });

  it("wait where what they need is made anew, and are found by their hash", async () => {
    await putStage({ ...row("report", "again report"), state: "done", result: "new" });
    await store.runs.awaitAgain("again", ["report"]);
    await store.runs.awaitAgain("again", []);
    expect((await getStages())[2]).toEqual(["report", "waiting", undefined]);
    expect(await findCachedStage("again report")).toMatchObject({ result: "new" });
  });
});

describe("lineage", () => {
  it("keeps the same update on its branch and puts another one on a new branch", async () => {
    const { putLineage, lineageOf } = store.runs;
    expect(await putLineage(update("l", 0, 1, "k1", "base"))).toBe(0);
    expect(await putLineage(update("l", 0, 2, "k2", "made-by-k1"))).toBe(0);
    expect(await putLineage(update("l", 0, 2, "k2", "made-by-k1"))).toBe(0);
    expect(await putLineage(update("l", 0, 2, "faster", "made-by-k1"))).toBe(1);
    expect(await putLineage(update("l", 0, 2, "faster", "made-by-k1"))).toBe(1);
    expect(await putLineage(update("l", 1, 3, "k3", "made-by-faster"))).toBe(1);
    const steps = async (branch: number) =>
      (await lineageOf("l", "train", branch)).map(({ stepKey }) => stepKey);
    expect(await steps(0)).toEqual(["k1", "k2"]);
    expect(await steps(1)).toEqual(["k1", "faster", "k3"]);
  });

  it("gives each of many writers at once its own branch", async () => {
    const branches = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.runs.putLineage(update("race", 0, 1, `k${i}`, "base"))),
    );
    expect(branches.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("the connection", () => {
  it("brings an empty database up to date though five processes' stores open at once", async () => {
    for (let round = 0; round < 3; round++) {
      const databaseUrl = await postgres.freshDatabase();
      const stores = await Promise.all(
        Array.from({ length: 5 }, () => openStore({ databaseUrl, artifactFolder: folder })),
      );
      for (const opened of stores) {
        expect(await opened.runs.newestRun()).toBeUndefined();
        await opened.close();
      }
    }
  });

  it("survives the server's end: an error that may be retried, then work again", async () => {
    const lost: string[] = [];
    const databaseUrl = await postgres.freshDatabase();
    const log = { warn: (_: object, message: string) => void lost.push(message) };
    const other = await openStore({ databaseUrl, artifactFolder: folder, log });
    await postgres.crash();
    await expect(other.runs.newestRun()).rejects.toMatchObject({
      type: "DatabaseUnavailable",
      retryable: true,
    });
    await postgres.start();
    expect(await other.runs.newestRun()).toBeUndefined();
    expect(lost).toContain("a database connection was lost");
    await other.close();
  });
});
