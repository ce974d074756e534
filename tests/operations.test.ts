/** Steering a run under way: pause, resume, stop and set reach what it runs, and cost it nothing but time. */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ratchet } from "./experiment-run.ts";
import { type Operated, operate, trainedAlone, trainingOnly, until } from "./operations-run.ts";

let operated: Operated;
beforeAll(async () => {
  operated = await operate();
});
afterAll(() => operated.close());

interface Told {
  readonly state: string;
  readonly waitsFor: string | null;
  readonly children: Record<string, { readonly state: string }>;
}
const progressOf = (workflowId: string) =>
  operated.client.workflow.getHandle(workflowId).query<Told>("progress");
const updates = async (run: string) => (await operated.store.runs.lineageOf(run, "rl", 0)).length;

describe("a run that is paused, reset while paused, resumed, stopped and resumed again", () => {
  const iterations = 20;
  const input = trainingOnly("steered", iterations);

  it("holds its training when it is paused, and says so", async () => {
    await operated.begin(input);
    await until(async () => (await updates("steered")) >= 1);
    operated.command("pause", "steered");
    await until(async () => (await progressOf("experiment-steered")).state === "paused");
    const { children } = await progressOf("experiment-steered");
    expect(Object.entries(children).map(([id, { state }]) => [id, state])).toEqual([
      ["steered.rl", "paused"],
    ]);
    const before = await updates("steered");
    await sleep(3_000);
    expect(await updates("steered")).toBe(before);
  });

  it("stays paused when its experiment is reset", async () => {
    const handle = operated.client.workflow.getHandle("experiment-steered");
    const { events } = await handle.fetchHistory();
    const tasks = events!.filter((event) => event.workflowTaskCompletedEventAttributes);
    operated.command(
      ...["temporal", "workflow", "reset", "--workflow-id", "experiment-steered"],
      ...["--event-id", String(tasks[1]!.eventId), "--reason", "test"],
    );
    await until(async () => (await progressOf("experiment-steered")).state === "paused");
    expect((await progressOf("steered.rl")).state).toBe("paused");
  });

  it("goes on when the new execution is resumed, and ends after its iteration when it is stopped", async () => {
    const before = await updates("steered");
    await operated.client.workflow.getHandle("experiment-steered").signal("resume");
    await until(async () => (await updates("steered")) > before);
    const told = JSON.parse(operated.command("stop", "steered", "--json")) as Told;
    expect(told.state).toBe("stopping");
    expect((await operated.ended("steered")).state).toBe("stopped");
    expect(await updates("steered")).toBeLessThan(iterations);
    const stages = await operated.store.runs.getStages("steered");
    expect(stages.map(({ stage, state }) => [stage, state])).toEqual([
      ["train-environments", "cached"],
      ["cold-start", "cached"],
      ["rl", "stopped"],
    ]);
  });

  it("ends with the weights of a training left alone once it is resumed", async () => {
    operated.command("resume", "steered", "--exit");
    expect((await operated.ended("steered")).state).toBe("done");
    const rl = (await operated.store.runs.getStages("steered")).find(({ stage }) => stage === "rl");
    const alone = await trainedAlone(operated, input);
    expect(rl!.result).toMatchObject({ ...alone, iterations, altered: false });
  });
});

/** A command takes longer to start than an iteration of the tiny policy, so the training waits for it. */
async function heldAfterFirst(run: string): Promise<void> {
  await until(async () => (await updates(run)) >= 1);
  await operated.client.workflow.getHandle(`experiment-${run}`).signal("pause");
  await until(async () => (await progressOf(`experiment-${run}`)).state === "paused");
}

/** Of the first update and the newest. */
async function learningRates(run: string): Promise<number[]> {
  const lineage = await operated.store.runs.lineageOf(run, "rl", 0);
  const made = [lineage[0]!, lineage.at(-1)!].map(({ checkpoint }) =>
    operated.store.runs.updateThatMade(checkpoint.hash),
  );
  return (await Promise.all(made)).map((known) => known!.recipe.optimizer.learningRate);
}

describe("hyper-parameters of a training under way", () => {
  it("are changed from the next iteration on, and the result is marked as altered", async () => {
    await operated.begin(trainingOnly("changed", 6));
    await heldAfterFirst("changed");
    const told = operated.command("set", "changed", "learningRate=1e-5", "--json");
    expect(JSON.parse(told)).toEqual({
      run: "changed",
      workflowId: "changed.rl",
      changed: { learningRate: 0.00001 },
    });
    await operated.client.workflow.getHandle("experiment-changed").signal("resume");
    expect((await operated.ended("changed")).state).toBe("done");
    const rl = (await operated.store.runs.getStages("changed")).find(({ stage }) => stage === "rl");
    expect(rl!.result).toMatchObject({ altered: true, stopped: false, iterations: 6 });
    expect(await learningRates("changed")).toEqual([0.001, 0.00001]);
  });

  it("are refused in one line where there is nothing to change or the value is out of bounds", async () => {
    const none = ratchet(operated.home, "set", "changed", "learningRate=1e-5");
    expect(none.status).toBe(2);
    expect(none.stderr).toBe(
      "ratchet: run 'changed' has no training under way (open: none); what a later stage uses is in its input\n",
    );
    await operated.begin(trainingOnly("refused", 6, { learningRate: 0.002 }));
    await heldAfterFirst("refused");
    const high = ratchet(operated.home, "set", "refused", "learningRate=5");
    expect(high.status).toBe(2);
    expect(high.stderr).toBe("ratchet: refused.rl: 'learningRate' = 5 must be a number from 0 to 1\n");
    operated.command("stop", "refused");
    expect((await operated.ended("refused")).state).toBe("stopped");
  });
});

describe("a training that a person started by hand, under a workflow id of its own", () => {
  const { seed, threads, stages } = trainingOnly("by-hand", 6);
  const { training } = stages.rl as { training: object };
  const job = { id: "by-hand", stage: "rl", seed, threads, policy: "tiny", training };
  const environments = "steered/train-environments";
  const begun = (workflowId: string, changed: object) =>
    operated.client.workflow.signalWithStart("trainPolicy", {
      workflowId,
      taskQueue: "ratchet",
      args: [{ ...job, environments, ...changed }],
      signal: "pause",
    });

  it("is recorded as stopped when it is stopped", async () => {
    const handle = await begun("mine", {});
    await until(async () => (await progressOf("mine")).state === "paused");
    operated.command("stop", "by-hand");
    expect(await handle.result()).toMatchObject({ stopped: true, iterations: 0 });
    expect((await operated.store.runs.getRun("by-hand"))!.state).toBe("stopped");
    const recorded = await operated.store.runs.getStages("by-hand");
    expect(recorded.map(({ stage, state }) => [stage, state])).toEqual([["rl", "stopped"]]);
  });

  it("hears its run's commands while it is parked before its first iteration", async () => {
    const handle = await begun("mine-too", { id: "parked-early", threads: threads + 1 });
    await until(async () => (await progressOf("mine-too")).state === "parked");
    operated.command("stop", "parked-early");
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("stopped while it waited: the run computes with threads") },
    });
  });

  it("is not looked for under a name that no run can have", () => {
    const { status, stderr } = ratchet(operated.home, "pause", "x' OR RatchetRun != 'x");
    expect(status).toBe(2);
    expect(stderr).toContain("must be 1 to 48 lower-case letters, digits and hyphens");
  });
});

describe("a run whose work fails for want of something a person can mend", () => {
  it("parks with the sentence, whichever activity it is, and goes on when it is mended and started again", async () => {
    const checkpoints = join(operated.home, "artifacts", "checkpoint");
    if (existsSync(checkpoints)) renameSync(checkpoints, `${checkpoints}-aside`);
    writeFileSync(checkpoints, "a file where a folder must be");
    await operated.begin(trainingOnly("mended", 1));
    // The activity that needs the folder first prepares the policy, and is no step of the ledger.
    await until(async () => (await progressOf("experiment-mended")).state === "parked");
    expect((await progressOf("experiment-mended")).waitsFor).toContain(checkpoints);
    const file = `${operated.home}-mended.json`;
    writeFileSync(file, JSON.stringify(trainingOnly("mended", 1)));
    const again = () => ratchet(operated.home, "start", "--input", file, "--exit");
    const held = again();
    expect(held.status, held.stderr).toBe(1);
    expect(held.stdout).toMatch(/parked: .*; mend it, then: npx ratchet resume mended\n/);
    expect(held.stdout).toContain("run mended: parked");
    rmSync(checkpoints);
    if (existsSync(`${checkpoints}-aside`)) renameSync(`${checkpoints}-aside`, checkpoints);
    const woken = again();
    expect(woken.status, woken.stderr).toBe(0);
    expect(woken.stdout).toContain("run mended was parked; it tries again");
    expect((await operated.ended("mended")).state).toBe("done");
  });
});
