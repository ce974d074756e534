/** What a run needs and finds lost is made again, byte for byte; what was computed before counts only while it is there. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ReinforcementSettings, reinforcementSchema } from "../src/core/experiment/input.ts";
import type { Json } from "../src/core/json.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { type Operated, operate, trainedAlone, trainingOnly, until } from "./operations-run.ts";

let operated: Operated;
beforeAll(async () => {
  operated = await operate();
});
afterAll(() => operated.close());

const updatesOf = (run: string, stage: string) => operated.store.runs.lineageOf(run, stage, 0);
const pathOf = ({ kind, hash }: Pick<ArtifactRef, "kind" | "hash">) =>
  join(operated.home, "artifacts", kind, hash.slice(0, 2), hash);
const stageOf = async (run: string, stage: string) =>
  (await operated.store.runs.getStages(run)).find((found) => found.stage === stage)!;
const stateOf = async (workflowId: string) =>
  (await operated.client.workflow.getHandle(workflowId).query<{ state: string }>("progress")).state;

/** An iteration count of its own keeps a run's training from being taken from another's. */
async function pausedAfter(
  run: string,
  iteration: number,
  iterations: number,
  changed: Partial<ReinforcementSettings> = {},
): Promise<void> {
  await operated.begin(trainingOnly(run, iterations, changed));
  await until(async () => (await updatesOf(run, "rl")).length >= iteration);
  // The command takes longer to start than an iteration of the tiny policy.
  await operated.client.workflow.getHandle(`experiment-${run}`).signal("pause");
  await until(async () => (await stateOf(`experiment-${run}`)) === "paused");
}

describe("a training whose checkpoints are lost", () => {
  it("applies their updates again and ends as it would have", async () => {
    await pausedAfter("lost", 1, 5);
    const made = [...(await updatesOf("lost", "cold-start")), ...(await updatesOf("lost", "rl"))];
    for (const { checkpoint } of made) rmSync(pathOf(checkpoint), { recursive: true });
    await operated.client.workflow.getHandle("experiment-lost").signal("resume");
    expect((await operated.ended("lost")).state).toBe("done");
    const { events } = await operated.client.workflow.getHandle("lost.rl").fetchHistory();
    const again = events!.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === "restoreUpdate",
    );
    expect(again).toHaveLength(made.length);
    const { result } = await stageOf("lost", "rl");
    expect(result).toMatchObject(await trainedAlone(operated, trainingOnly("lost", 5)));
  });

  it("does so with adapters and a schedule, where the weights that they add to are lost as well", async () => {
    const changed = {
      lora: { rank: 4, alpha: 8, targetModules: ["q_proj", "v_proj", "up_proj"] },
      schedule: { kind: "linear", warmupSteps: 1, totalSteps: 8, minLearningRate: 1e-5 },
    } satisfies Partial<ReinforcementSettings>;
    await pausedAfter("adapters", 1, 6, changed);
    const made = (await updatesOf("adapters", "rl")).map(({ checkpoint }) => checkpoint);
    const { base } = JSON.parse(readFileSync(join(pathOf(made[0]!), "manifest.json"), "utf8"));
    for (const hash of [base, ...made.map((checkpoint) => checkpoint.hash)])
      rmSync(pathOf({ kind: "checkpoint", hash }), { recursive: true });
    await operated.client.workflow.getHandle("experiment-adapters").signal("resume");
    expect((await operated.ended("adapters")).state).toBe("done");
    const { result } = await stageOf("adapters", "rl");
    expect(result).toMatchObject(await trainedAlone(operated, trainingOnly("adapters", 6, changed)));
    const { checkpoint } = result as unknown as { checkpoint: ArtifactRef };
    const manifest = readFileSync(join(pathOf(checkpoint), "manifest.json"), "utf8");
    expect(JSON.parse(manifest)).toMatchObject({ base });
    expect(checkpoint.bytes).toBeLessThan(made[0]!.bytes * 1.1);
  });

  it("replaces one that is damaged, once a worker reads it afresh", async () => {
    await pausedAfter("damaged", 1, 4);
    const { checkpoint } = (await updatesOf("damaged", "rl")).at(-1)!;
    rmSync(join(pathOf(checkpoint), "model.safetensors"));
    for (const { role, pid } of runningProcesses(operated.home))
      if (role === "gpu-worker" || role === "cpu-worker") process.kill(pid, "SIGKILL");
    await operated.client.workflow.getHandle("experiment-damaged").signal("resume");
    expect((await operated.ended("damaged")).state).toBe("done");
    expect(existsSync(join(pathOf(checkpoint), "model.safetensors"))).toBe(true);
  });
});

describe("a stage that was computed before", () => {
  const setOf = (result: Json | undefined) => (result as unknown as { set: ArtifactRef }).set;

  it("is done again where its artifacts are lost, with the same result", async () => {
    const set = setOf((await stageOf("lost", "train-environments")).result);
    rmSync(pathOf(set));
    await operated.begin(trainingOnly("again", 1));
    await operated.ended("again");
    const built = await stageOf("again", "train-environments");
    expect([built.state, setOf(built.result)]).toEqual(["done", set]);
    expect((await stageOf("again", "cold-start")).state).toBe("cached");
  });
});

describe("a stage that a run finds under way", () => {
  it("is followed, and started anew where it is terminated", async () => {
    const input = trainingOnly("found", 2, {
      tripwires: { window: 12 } as ReinforcementSettings["tripwires"],
    });
    const { seed, threads, stages } = input;
    const setOfLost = (await stageOf("again", "train-environments")).result as unknown as {
      set: ArtifactRef;
    };
    const { checkpoint } = (await stageOf("again", "cold-start")).result as unknown as {
      checkpoint: ArtifactRef;
    };
    // As the experiment gives it: a stage that was begun with another input is not followed.
    const training = reinforcementSchema.parse((stages.rl as { training: object }).training);
    const names = { policy: checkpoint.hash, environments: setOfLost.set.hash };
    const before = await operated.client.workflow.signalWithStart("trainPolicy", {
      workflowId: "found.rl",
      taskQueue: "ratchet",
      args: [{ id: "found", stage: "rl", seed, threads, training, ...names }],
      signal: "pause",
    });
    await operated.begin(input);
    await until(async () => (await stateOf("experiment-found")) === "running");
    const looks = async () =>
      (await operated.client.workflow.getHandle("experiment-found").fetchHistory()).events!.filter(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === "peekWorkflow",
      ).length;
    await until(async () => (await looks()) >= 1);
    await operated.client.workflow.getHandle("found.rl", before.signaledRunId).terminate("by a person");
    expect((await operated.ended("found")).state).toBe("done");
    expect((await stageOf("found", "rl")).result).toMatchObject({ iterations: 2, stopped: false });
  });
});
