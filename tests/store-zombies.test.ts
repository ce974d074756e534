/**
 * Zombies: a hundred attempts at updates are frozen in the middle of their work, others take the steps over, and the frozen
 * ones go on to their commits. Nothing of theirs is ever committed.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { describe, expect, it } from "vitest";
import { runStep } from "../src/activities/step.ts";
import { openedStore } from "./support/store.ts";

const opened = openedStore();

/** What attempts wait at until somebody opens it. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** An attempt that stays in its work until `go`. Its checkpoint tells who made it, as no real one does. */
function attempt(run: string, iteration: number, who: string, go: Promise<void>) {
  const begun = gate();
  const work = async (stepKey: string) => {
    begun.open();
    await go;
    const staging = await opened.store.artifacts.stagingFolder();
    await writeFile(join(staging, "model.safetensors"), `${who} ${run} ${iteration}`);
    const checkpoint = await opened.store.artifacts.adoptFolder("checkpoint", staging, { parent: "p" });
    const lineage = {
      ...{ run, stage: "rl", branch: 0, iteration, stepKey, parent: "p".repeat(64), checkpoint },
      ...{ weightsSha256: who, optimizerSha256: who, metrics: { loss: 1 } },
    };
    return { result: { who }, alongside: { lineage } };
  };
  const ended = new MockActivityEnvironment(undefined, { logger: new DefaultLogger("ERROR") }).run(() =>
    runStep(opened.store.ledger, {
      kind: "update",
      version: 1,
      context: { run, stage: "rl", branch: 0, seed: 7, iteration },
      inputs: [iteration],
      work,
    }),
  ) as Promise<{ who: string }>;
  const failure = ended.then(
    () => undefined,
    (error: { type?: string }) => error,
  );
  const outcome = ended.then(
    ({ who: maker }) => maker,
    (error: { type?: string }) => error.type,
  );
  return { working: begun.opened, outcome, failure };
}

const iterations = Array.from({ length: 100 }, (_, index) => index + 1);
const outcomesOf = (attempts: readonly { readonly outcome: Promise<string | undefined> }[]) =>
  Promise.all(attempts.map(({ outcome }) => outcome));
const hundred = (outcome: string) => iterations.map(() => outcome);

/** Who made each update of a run that was committed. */
async function committedBy(run: string): Promise<string[]> {
  const makers: string[] = [];
  for (const iteration of iterations) {
    const { outcome } = attempt(run, iteration, "reader", Promise.resolve());
    makers.push((await outcome)!);
  }
  return makers;
}

const branchesOf = async (run: string) =>
  (await opened.store.runs.lineageOf(run, "rl", 0)).map(({ branch, weightsSha256 }) => [
    branch,
    weightsSha256,
  ]);

describe("a hundred frozen attempts", () => {
  it("commit nothing when they wake after their successors committed, and are told what was", async () => {
    const thaw = gate();
    const zombies = iterations.map((iteration) => attempt("late", iteration, "zombie", thaw.opened));
    await Promise.all(zombies.map(({ working }) => working));
    const successors = iterations.map((iteration) =>
      attempt("late", iteration, "successor", Promise.resolve()),
    );
    expect(await outcomesOf(successors)).toEqual(hundred("successor"));
    thaw.open();
    expect(await outcomesOf(zombies)).toEqual(hundred("successor"));
    expect(await committedBy("late")).toEqual(hundred("successor"));
    expect(await branchesOf("late")).toEqual([[0, "successor"]]);
  });

  it("are refused when they wake while their successors still work", async () => {
    const thaw = gate();
    const finish = gate();
    const zombies = iterations.map((iteration) => attempt("early", iteration, "zombie", thaw.opened));
    await Promise.all(zombies.map(({ working }) => working));
    const successors = iterations.map((iteration) => attempt("early", iteration, "successor", finish.opened));
    await Promise.all(successors.map(({ working }) => working));
    thaw.open();
    expect(await outcomesOf(zombies)).toEqual(hundred("StaleFence"));
    expect(await branchesOf("early")).toEqual([]);
    finish.open();
    expect(await outcomesOf(successors)).toEqual(hundred("successor"));
    expect(await committedBy("early")).toEqual(hundred("successor"));
  });
});

describe("a zombie that wakes before it has claimed its step", () => {
  it("takes it from its successor, which is told to try again, and then commits", async () => {
    const never = gate();
    const finish = gate();
    const successor = attempt("reversed", 1, "successor", finish.opened);
    await successor.working;
    await attempt("reversed", 1, "zombie", never.opened).working;
    finish.open();
    expect(await successor.failure).toMatchObject({ type: "StaleFence", nonRetryable: false });
    expect(await attempt("reversed", 1, "successor", finish.opened).outcome).toBe("successor");
    expect(await branchesOf("reversed")).toEqual([[0, "successor"]]);
  });
});

describe("an attempt at recording a run that goes on after later ones have written", () => {
  const run = { run: "recorded", workflowType: "experiment", state: "running" } as const;
  const first = { ...run, input: { seed: 1 } };
  const second = { ...run, input: { seed: 2 } };
  const stage = { run: "recorded", stage: "rl", type: "train", inputHash: "b", state: "done" } as const;

  it("changes neither the run nor its stages, and a later one does", async () => {
    const { runs } = opened.store;
    const began = await runs.fenced();
    await began.putRun(first);
    await began.putStage({ ...stage, inputHash: "a", state: "running" });
    const zombie = await runs.fenced();
    // The person goes on with another input, which comes to its end.
    const successor = await runs.fenced();
    await successor.putRun(second);
    await successor.putStage({ ...stage, state: "running" });
    const last = await runs.fenced();
    await last.putProgress("recorded", "rl", { done: 2 });
    await last.putStage({ ...stage, result: { made: "b" } });
    await last.putRun({ ...second, state: "done" });
    const recorded = async () => [await runs.getRun("recorded"), await runs.getStages("recorded")];
    const before = await recorded();
    await zombie.putProgress("recorded", "rl", { done: 1 });
    await zombie.putStage({ ...stage, inputHash: "a", result: { made: "a" } });
    await zombie.awaitAgain("recorded", ["rl"]);
    await zombie.putRun({ ...first, state: "failed" });
    expect(await recorded()).toEqual(before);
    await (await runs.fenced()).putRun({ ...second, state: "failed" });
    // A command's word is the newest.
    await runs.putProgress("recorded", "rl", { done: 3 });
    expect(await runs.getRun("recorded")).toMatchObject({ state: "failed", input: { seed: 2 } });
    expect(await runs.getStages("recorded")).toMatchObject([
      { progress: { done: 3 }, result: { made: "b" } },
    ]);
  });

  it("is an experiment's before work by hand of its name, whichever began first", async () => {
    const { runs } = opened.store;
    const experiment = { ...first, run: "both" };
    const byHand = { ...experiment, workflowType: "trainPolicy", input: { stage: "rl" } } as const;
    const own = await runs.fenced();
    await (await runs.fenced()).putRun(byHand);
    await own.putRun(experiment);
    expect(await runs.getRun("both")).toEqual(experiment);
    await (await runs.fenced()).putRun(byHand);
    expect(await runs.getRun("both")).toEqual(experiment);
    for (const run of Array.from({ length: 40 }, (_, i) => `both-${i}`)) {
      await Promise.all([runs.putRun({ ...experiment, run }), runs.putRun({ ...byHand, run })]);
      expect(await runs.getRun(run)).toEqual({ ...experiment, run });
    }
  });

  it("is not overtaken by progress, of a step or of a stage, which says nothing of the stage's end", async () => {
    const { runs, ledger } = opened.store;
    const stopping = { ...stage, run: "stopping", state: "running" } as const;
    await runs.putStage(stopping);
    const step = { key: "last", kind: "update", run: "stopping", branch: 0, iteration: 1 };
    const { fence } = (await ledger.claim(step)) as { fence: number };
    const ending = await runs.fenced();
    const progress = { run: "stopping", stage: "rl", progress: { done: 1 } };
    await ledger.commit("last", fence, {}, { progress });
    await (await runs.fenced()).putProgress("stopping", "rl", { done: 2 });
    await ending.putStage({ ...stopping, state: "stopped" });
    expect(await runs.getStages("stopping")).toMatchObject([{ state: "stopped" }]);
  });

  it("writes nothing back into stages that another input has outdated meanwhile", async () => {
    const { runs } = opened.store;
    await runs.putRun({ ...first, run: "outdated" });
    await runs.putStage({ ...stage, run: "outdated", inputHash: "a", state: "running" });
    const zombie = await runs.fenced();
    await runs.putRun({ ...second, run: "outdated" });
    await zombie.putStage({ ...stage, run: "outdated", inputHash: "a", result: { made: "a" } });
    expect(await runs.getStages("outdated")).toMatchObject([{ state: "outdated" }]);
  });
});
