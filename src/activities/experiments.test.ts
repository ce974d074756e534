import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import { contentHash } from "../core/hash.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { StageRecord } from "../core/ports/runs.ts";
import { createExperimentActivities, type StageInput } from "./experiments.ts";
import type { CpuPorts } from "./ports.ts";

const stages = {
  set: { type: "build" },
  warm: { type: "train", policy: "initial", environments: "set", training: { algorithm: "sft" } },
  rl: { type: "train", policy: "warm", environments: "set", training: { algorithm: "grpo" } },
  before: { type: "evaluate", policy: "initial", environments: "set" },
  after: { type: "evaluate", policy: "rl", environments: "set" },
  report: { type: "report", evaluations: ["before", "after"] },
};
const evaluation = { type: "evaluate", value: { id: "mine", policy: "b" } } as unknown as StageInput;
const training = { type: "train", value: { id: "mine", policy: "p" } } as unknown as StageInput;

/** Begins a stage of a run whose row of it is given, where `cached` was computed before; tells what was written, in order. */
async function begun(
  stage: "warm" | "before",
  given: object,
  cached?: Json,
  row?: Partial<StageRecord>,
  held?: JsonObject,
  made: readonly object[] = [],
) {
  const written: unknown[] = [];
  const numerics = { node: "20" };
  const ports: CpuPorts = {
    runs: {
      fenced: async () => ports.runs,
      getRun: async () => ({ run: "mine", input: { stages } }),
      getStages: async () => (row === undefined ? [] : [{ run: "mine", stage, type: "", ...row }]),
      changesOf: async () => made,
      findCachedStage: async () =>
        cached === undefined ? undefined : { run: "other", result: cached, numerics },
      numericsOf: async () => held && { numerics: held },
      holdNumerics: async (_run: string, taken: JsonObject) => {
        held = taken;
        return { numerics: taken };
      },
      awaitAgain: async (_run: string, waiting: string[]) => void written.push(waiting),
      putStage: async ({ state }: StageRecord) => void written.push(state),
    },
  } as unknown as CpuPorts;
  const { beginStage } = createExperimentActivities(ports);
  const { inputHash } = (await new MockActivityEnvironment().run(beginStage, {
    ...{ run: "mine", stage, type: "", input: given },
  } as never)) as { inputHash: string };
  return { inputHash, written, held };
}

describe("a stage that begins", () => {
  it("is known by the versions of its steps, and where they encode or decode by that of the codec", async () => {
    const rollOut = [
      [2, 2],
      [3, 2],
      [6, 2],
    ];
    const evaluated = contentHash(["evaluate", [3, rollOut, 3], { policy: "b" }]);
    expect((await begun("before", evaluation)).inputHash).toBe(evaluated);
    const trained = contentHash(["train", [2, rollOut, 2, [2, 2], 2], { policy: "p" }]);
    expect((await begun("warm", training)).inputHash).toBe(trained);
  });

  it("has what comes of it wait, before it says that it runs: that was reached with another result", async () => {
    expect((await begun("warm", training)).written).toEqual([["rl", "after", "report"], "running"]);
    expect((await begun("before", evaluation)).written).toEqual([["report"], "running"]);
  });

  it("has it wait too where its own result is another one from before", async () => {
    const other = { inputHash: "other", state: "done", result: 1 } as const;
    expect((await begun("warm", training, 2, other)).written).toEqual([["rl", "after", "report"], "cached"]);
  });

  it("leaves it as it is where it has that result already", async () => {
    const { inputHash } = await begun("warm", training);
    const done = { inputHash, state: "done", result: 1 } as const;
    expect((await begun("warm", training, 1, done)).written).toEqual(["cached"]);
    const waiting = { ...done, state: "waiting" } as const;
    expect((await begun("warm", training, 1, waiting)).written).toEqual([
      ["rl", "after", "report"],
      "cached",
    ]);
  });
});

describe("a stage that another run computed", () => {
  it("gives its numerics to a run that has computed nothing yet", async () => {
    expect((await begun("warm", training, 2)).held).toEqual({ node: "20" });
    expect((await begun("warm", training)).held).toBeUndefined();
  });

  it("is not taken by one that has begun to compute with others meanwhile", async () => {
    const { held, written } = await begun("warm", training, 2, undefined, { node: "22" });
    expect(held).toEqual({ node: "22" });
    expect(written.at(-1)).toBe("running");
  });
});

describe("a stage in which a person changed something", () => {
  const value = { id: "mine", policy: "p", training: { learningRate: 0.1 } };
  const given = { type: "train", value } as unknown as StageInput;
  const changedFrom = (from: number) => ({
    ...{ run: "mine", stage: "warm", iteration: 2 },
    changes: [{ name: "learningRate", from, to: 0.3 }],
  });
  const states = async (from: number) =>
    (await begun("warm", given, 1, undefined, undefined, [changedFrom(from)])).written.at(-1);

  it("is cached by none, until its input has the last word again", async () => {
    expect(await states(0.1)).toBe("running");
    expect(await states(0.2)).toBe("cached");
  });
});

describe("a stage whose stored result is lost", () => {
  it("waits, and then runs, as what comes of it does", async () => {
    const { inputHash } = await begun("warm", training);
    const done = { inputHash, state: "done", result: 1 } as const;
    expect((await begun("warm", training, undefined, done)).written).toEqual([
      ["warm", "rl", "after", "report"],
      "running",
    ]);
    const running = { inputHash, state: "running" } as const;
    expect((await begun("warm", training, undefined, running)).written).toEqual([
      ["rl", "after", "report"],
      "running",
    ]);
  });
});

describe("work by hand that ends", () => {
  const ended = async (workflowType: string) => {
    const written: unknown[] = [];
    const runs = {
      fenced: async () => runs,
      getRun: async () => ({ run: "mine", workflowType: "experiment", state: "running" }),
      getStages: async () => [{ run: "mine", stage: "rl", type: "train", inputHash: "1", state: "running" }],
      putStage: async ({ state }: StageRecord) => void written.push(["stage", state]),
      putRun: async ({ state }: { state: string }) => void written.push(["run", state]),
    };
    const { finishAlone } = createExperimentActivities({ runs } as unknown as CpuPorts);
    const end = { run: "mine", stage: "rl", state: "done", result: 7, workflowType } as const;
    await new MockActivityEnvironment().run(finishAlone, end as never);
    return written;
  };

  it("ends its own run, and not another workflow's that bears its name", async () => {
    expect(await ended("experiment")).toEqual([
      ["stage", "done"],
      ["run", "done"],
    ]);
    expect(await ended("trainPolicy")).toEqual([]);
  });
});

describe("an experiment that begins", () => {
  const given = {
    id: "mine",
    seed: 1,
    policy: "tiny",
    stages: {
      set: { type: "build", title: "set", environments: { split: "train", scenarios: { single_hop: 1 } } },
      warm: {
        type: "train",
        title: "warm",
        policy: "initial",
        environments: "set",
        training: { algorithm: "sft", learningRate: 1e-4, trajectories: { from: "first/before" } },
      },
    },
  };
  const prepared = async (...known: StageRecord[]) => {
    const put: string[] = [];
    const ports: CpuPorts = {
      runs: {
        fenced: async () => ports.runs,
        getRun: async () => undefined,
        getStages: async () => known,
        putRun: async ({ run }: { run: string }) => void put.push(run),
        putStage: async ({ stage }: StageRecord) => void put.push(stage),
      },
      artifacts: { find: async (kind: string, hash: string) => ({ kind, hash, bytes: 1 }) },
    } as unknown as CpuPorts;
    const { prepareExperiment } = createExperimentActivities(ports);
    const done = new MockActivityEnvironment().run(prepareExperiment, given as never);
    return { done: done as ReturnType<typeof prepareExperiment>, put };
  };

  it("has another run's trajectories by their content hash, as caches go by it", async () => {
    const hash = "7".repeat(64);
    const result = { trajectories: { kind: "trajectories", hash, bytes: 1 } };
    const before = { run: "first", stage: "before", type: "evaluate", inputHash: "", state: "done", result };
    const { done, put } = await prepared(before as unknown as StageRecord);
    expect((await done).input.stages.warm).toMatchObject({ training: { trajectories: { from: hash } } });
    expect(put).toEqual(["mine", "set", "warm"]);
  });

  it("is refused before any work where there are none of that name", async () => {
    const { done, put } = await prepared();
    await expect(done).rejects.toThrow(
      "stages.warm.training.trajectories.from 'first/before' names no finished evaluation or calibration",
    );
    expect(put).toEqual([]);
  });
});
