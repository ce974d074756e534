/** What stages of runs have come to, against a real Postgres. */
import { describe, expect, it } from "vitest";
import { resultOf, type StageRecord } from "../src/core/ports/runs.ts";
import { openedStore } from "./support/store.ts";

const opened = openedStore();

describe("stages", () => {
  const stage: StageRecord = { run: "s", stage: "build", type: "build", inputHash: "h1", state: "running" };

  it("keep what a put leaves out, and their order", async () => {
    await opened.store.runs.putStage({ ...stage, progress: { done: 1 } });
    await opened.store.runs.putStage({
      ...stage,
      stage: "train",
      type: "train",
      inputHash: "h2",
      state: "waiting",
    });
    await opened.store.runs.putStage({ ...stage, state: "done", result: { set: "x" } });
    expect(await opened.store.runs.getStages("s")).toEqual([
      { ...stage, state: "done", result: { set: "x" }, progress: { done: 1 } },
      { ...stage, stage: "train", type: "train", inputHash: "h2", state: "waiting" },
    ]);
  });

  it("stay done when a late attempt says they run", async () => {
    await opened.store.runs.putStage({ ...stage, state: "running", progress: { done: 0 } });
    expect((await opened.store.runs.getStages("s"))[0]).toMatchObject({
      state: "done",
      progress: { done: 1 },
    });
  });

  it("stay as they are when a resumed run announces them again", async () => {
    await opened.store.runs.putStage({ ...stage, inputHash: "", state: "waiting" });
    expect((await opened.store.runs.getStages("s"))[0]).toMatchObject({ state: "done", inputHash: "h1" });
  });

  it("take progress on its own", async () => {
    await opened.store.runs.putProgress("s", "train", { done: 3 });
    await opened.store.runs.putProgress("s", "nobody", { done: 3 });
    expect((await opened.store.runs.getStages("s")).map(({ progress }) => progress)).toEqual([
      { done: 1 },
      { done: 3 },
    ]);
  });

  it("are found by the hash of their input, by any run", async () => {
    const found = { run: "s", stage: "build", result: { set: "x" }, numerics: null };
    expect(await opened.store.runs.findCachedStage("h1", "other")).toEqual(found);
    expect(await opened.store.runs.findCachedStage("h2", "other")).toBeUndefined();
  });

  it("are found by their own run alone, once it was let go on with other numerics", async () => {
    await opened.store.runs.putStage({ ...stage, run: "mixed", inputHash: "m", state: "done", result: 1 });
    await opened.store.runs.askNumericsChange("mixed", { threads: 2 });
    expect(await opened.store.runs.findCachedStage("m", "other")).toBeUndefined();
    expect(await opened.store.runs.findCachedStage("m", "mixed")).toMatchObject({ run: "mixed", result: 1 });
  });

  it("are taken from a run of other numerics only where no engine was at them", async () => {
    const { runs } = opened.store;
    const result = { run: "old", stage: "cold", result: 1 };
    await runs.putStage({ ...result, type: "train", inputHash: "n", state: "done" });
    await runs.putStage({
      run: "old",
      stage: "set",
      type: "build",
      inputHash: "b",
      state: "done",
      result: 2,
    });
    await runs.holdNumerics("old", { node: "20" });
    await runs.holdNumerics("same", { node: "20" });
    await runs.holdNumerics("later", { node: "22" });
    for (const run of ["same", "begins"])
      expect(await runs.findCachedStage("n", run)).toEqual({ ...result, numerics: { node: "20" } });
    expect(await runs.findCachedStage("n", "later")).toBeUndefined();
    expect(await runs.findCachedStage("b", "later")).toMatchObject({ result: 2, numerics: null });
  });

  it("forget the result of another input", async () => {
    await opened.store.runs.putStage({ ...stage, inputHash: "h3" });
    expect((await opened.store.runs.getStages("s"))[0]).toEqual({ ...stage, inputHash: "h3" });
    expect(await opened.store.runs.findCachedStage("h1", "other")).toBeUndefined();
  });
});

describe("the stages of a run that gets another input", () => {
  const run = { run: "again", workflowType: "experiment", state: "running" } as const;
  const row = (id: string, inputHash: string) => ({ run: "again", stage: id, type: "build", inputHash });
  const { putRun, putStage, getStages, findCachedStage } = {
    putRun: (input: object) => opened.store.runs.putRun({ ...run, input: { ...input } }),
    putStage: (stage: StageRecord) => opened.store.runs.putStage(stage),
    findCachedStage: (hash: string) => opened.store.runs.findCachedStage(hash, "other"),
    getStages: async () =>
      (await opened.store.runs.getStages("again")).map((stored) => [
        stored.stage,
        stored.state,
        resultOf(stored),
      ]),
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
    expect((await opened.store.runs.getStages("again")).map(({ progress }) => progress)).toEqual(
      Array(3).fill(undefined),
    );
  });

  it("are still found by the hash of their input", async () => {
    for (const id of ["build", "gone", "report"])
      expect(await findCachedStage(`again ${id}`)).toMatchObject({ run: "again", stage: id, result: id });
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
    await opened.store.runs.goBack({ ...run, input: { seed: 3 } }, "rl", 1);
    expect((await getStages()).map(([, state]) => state)).toEqual(Array(3).fill("outdated"));
  });

  it("are those of the one stage that was started by hand, where others bear the run's id", async () => {
    const hand = { run: "by-hand", workflowType: "trainPolicy", state: "running" } as const;
    for (const id of ["a", "b"]) {
      await opened.store.runs.putRun({ ...hand, input: { stage: id } });
      await putStage({ ...row(id, ""), run: "by-hand", state: "done", result: id });
    }
    await opened.store.runs.putRun({ ...hand, input: { stage: "b", seed: 2 } });
    const stages = await opened.store.runs.getStages("by-hand");
    expect(stages.map(({ stage, state }) => [stage, state])).toEqual([
      ["a", "done"],
      ["b", "outdated"],
    ]);
  });

  it("wait where what they need is made anew, and are found by their hash", async () => {
    await putStage({ ...row("report", "again report"), state: "done", result: "new" });
    await opened.store.runs.awaitAgain("again", ["report"]);
    await opened.store.runs.awaitAgain("again", []);
    expect((await getStages())[2]).toEqual(["report", "waiting", undefined]);
    expect(await findCachedStage("again report")).toMatchObject({ result: "new" });
  });
});
