/** Steering a run under way: pause, resume, stop and set reach what it runs, and cost it nothing but time. */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ratchet } from "./experiment-run.ts";
import { type Operated, operate, type Trained, trainedAlone, trainingOnly, until } from "./operations-run.ts";

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
  const iterations = 12;
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
    // On an idle machine the iteration may end before the command has looked twice.
    expect(["stopping", "stopped"]).toContain(told.state);
    expect((await operated.ended("steered")).state).toBe("stopped");
    for (const workflowId of ["experiment-steered", "steered.rl"])
      expect(await progressOf(workflowId)).toMatchObject({ state: "stopped", waitsFor: null, children: {} });
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
  const input = trainingOnly("changed", 6);
  const rlOf = async (run: string) =>
    (await operated.store.runs.getStages(run)).find(({ stage }) => stage === "rl")!
      .result as unknown as Trained;
  /** From which the change holds. */
  let iteration = 0;
  let undisturbed: Trained;
  const endsTheSame = async () => {
    await operated.ended("changed");
    expect(await rlOf("changed")).toMatchObject({ ...undisturbed, altered: true, iterations: 6 });
    expect((await operated.store.runs.lineageOf("changed", "rl", 0)).length).toBe(6);
    expect(await operated.store.runs.lineageOf("changed", "rl", 1)).toEqual([]);
  };

  it("are changed from the next iteration on, and the result is marked as altered", async () => {
    await operated.begin(input);
    await heldAfterFirst("changed");
    const made = await updates("changed");
    const changes = [{ name: "learningRate", from: 0.001, to: 0.00001 }];
    const told = JSON.parse(operated.command("set", "changed", "learningRate=1e-5", "--json"));
    iteration = told.iteration;
    expect(told).toEqual({ run: "changed", workflowId: "changed.rl", iteration, changes });
    // It may be held within the iteration after the first update, which has begun then.
    expect([made + 1, made + 2]).toContain(iteration);
    await operated.client.workflow.getHandle("experiment-changed").signal("resume");
    await until(async () => (await updates("changed")) >= iteration);
    await operated.client.workflow.getHandle("experiment-changed").terminate("test");
    expect(operated.command("status", "changed")).toContain(
      `rl trains otherwise from iteration ${iteration} on, as it was set: learningRate 0.001 -> 0.00001`,
    );
  });

  it("hold after the run was terminated and resumed, with the weights of a training never disturbed", async () => {
    operated.command("resume", "changed", "--exit");
    expect(await learningRates("changed")).toEqual([0.001, 0.00001]);
    // The same change from the same iteration on, in a run that nobody steers.
    operated.command(
      ...["fork", "changed", "--stage", "rl", "--at-iteration", String(iteration - 1)],
      ...["--set", "learningRate=1e-5", "--id", "unsteered"],
    );
    const { weightsSha256, optimizerSha256 } = await rlOf("unsteered");
    undisturbed = { weightsSha256, optimizerSha256 };
    await endsTheSame();
  });

  it("hold when the same input is started again, though another run ended with it unchanged", async () => {
    await operated.begin({ ...input, id: "unchanged" });
    await operated.ended("unchanged");
    expect((await rlOf("unchanged")).weightsSha256).not.toBe(undisturbed.weightsSha256);
    await operated.begin(input);
    await endsTheSame();
  });

  it("hold from the same iteration after a reset to before they were changed", async () => {
    const hand = { workflowId: "changed-hand", taskQueue: "ratchet" };
    const { checkpoint } = (await operated.store.runs.getStages("changed")).find(
      ({ stage }) => stage === "cold-start",
    )!.result as unknown as { checkpoint: { hash: string } };
    const { seed, threads, stages } = input;
    const { training } = stages.rl as { training: object };
    const environments = "changed/train-environments";
    const job = { id: "changed-hand", stage: "rl", seed, threads, training };
    const args = [{ ...job, policy: checkpoint.hash, environments }];
    const handle = await operated.client.workflow.start("trainPolicy", { ...hand, args });
    await until(async () => (await operated.store.runs.lineageOf("changed-hand", "rl", 0)).length >= 2);
    const { iteration: from } = await handle.executeUpdate<{ iteration: number }, [object]>(
      "changeHyperparameters",
      { args: [{ learningRate: 1e-5 }] },
    );
    const result = (await handle.result()) as Trained;
    operated.command(
      ...["temporal", "workflow", "reset", "--workflow-id", "changed-hand", "--type", "FirstWorkflowTask"],
      ...["--reason", "test"],
    );
    const again = (await operated.client.workflow.getHandle("changed-hand").result()) as Trained;
    expect(again).toEqual(result);
    expect(await operated.store.runs.changesOf("changed-hand")).toMatchObject([{ iteration: from }]);
    expect(await operated.store.runs.lineageOf("changed-hand", "rl", 1)).toEqual([]);
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

  /** With a payload that nobody can read, as a person may give one by hand. */
  const signalOddly = (workflowId: string, signalName: string) => {
    const { namespace } = operated.client.options;
    const odd = { metadata: { encoding: Buffer.from("odd/one") }, data: Buffer.from("?") };
    return operated.client.workflowService.signalWorkflowExecution({
      ...{ namespace, workflowExecution: { workflowId }, signalName, input: { payloads: [odd] } },
    });
  };

  it("is recorded as stopped when it is stopped, and hears past what it cannot read", async () => {
    const handle = await begun("mine", {});
    await until(async () => (await progressOf("mine")).state === "paused");
    for (const signalName of ["pause", "childState"]) await signalOddly("mine", signalName);
    operated.command("stop", "by-hand");
    expect(await handle.result()).toMatchObject({ stopped: true, iterations: 0 });
    expect((await operated.store.runs.getRun("by-hand"))!.state).toBe("stopped");
    const recorded = await operated.store.runs.getStages("by-hand");
    expect(recorded.map(({ stage, state }) => [stage, state])).toEqual([["rl", "stopped"]]);
  });

  it("keeps what is changed while it builds its environments, from its first iteration on", async () => {
    const environments = { split: "train", scenarios: { single_hop: 4 } };
    const handle = await begun("mine-building", { id: "building", environments });
    const asked = { args: [{ learningRate: 1e-5 }] as [object] };
    const change = await handle.executeUpdate<{ iteration: number }, [object]>(
      "changeHyperparameters",
      asked,
    );
    expect(change.iteration).toBe(1);
    expect(await operated.store.runs.changesOf("building")).toMatchObject([{ stage: "rl", iteration: 1 }]);
    operated.command("stop", "building");
    expect(await handle.result()).toMatchObject({ stopped: true, altered: true, iterations: 0 });
  });

  it("hears its run's commands while it is parked before its first iteration", async () => {
    const handle = await begun("mine-too", { id: "parked-early", threads: threads + 1 });
    await until(async () => (await progressOf("mine-too")).state === "parked");
    expect(operated.command("status", "parked-early")).toMatch(
      /^run parked-early: running\n {2}parked: the run computes with threads/,
    );
    operated.command("stop", "parked-early");
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("stopped while it waited: the run computes with threads") },
    });
    expect(operated.command("status", "parked-early")).toMatch(
      /^run parked-early: stopped\n {2}stopped {2}rl\n/,
    );
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
