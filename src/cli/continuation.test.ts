import { describe, expect, it } from "vitest";
import { requireInTime } from "../core/experiment/changes.ts";
import { experimentInputSchema } from "../core/experiment/input.ts";
import type { Json } from "../core/json.ts";
import type { ChangeRecord, KnownUpdate, LineageRecord, RunRecord, StageRecord } from "../core/ports/runs.ts";
import { planContinuation } from "./continuation.ts";

const training = { algorithm: "grpo", iterations: 4, learningRate: 0.001 };
const train = { type: "train", title: "t", environments: "set", training };
const environments = { split: "train", scenarios: { single_hop: 1 } };
const input = experimentInputSchema.parse({
  id: "parent",
  seed: 1,
  policy: "tiny",
  stages: {
    set: { type: "build", title: "t", environments },
    warm: { ...train, policy: "initial" },
    rl: { ...train, policy: "warm" },
  },
});
const stored = {
  run: "parent",
  workflowType: "experiment",
  input: input as unknown as Json,
} as unknown as RunRecord;
const stage = (id: string, type: string, result: object = {}) =>
  ({ run: "parent", stage: id, type, state: "done", result }) as unknown as StageRecord;
const update = (iteration: number) =>
  ({
    run: "maker",
    stage: "rl",
    branch: 0,
    iteration,
    parent: "base",
    checkpoint: { hash: `c${iteration}` },
  }) as LineageRecord;

const commit = `hf:org/name@${"1".repeat(40)}`;
/** The updates of `rl` were made by another run, from which the stage was taken as cached. */
const runsWith = (learningRate: number, warm: object = {}, made: readonly ChangeRecord[] = []) => ({
  changesOf: async () => [...made],
  pinsOf: async () => [{ run: "parent", source: "hf:org/name@main", pinned: commit }],
  getRun: async () => undefined,
  getStages: async () => [
    stage("set", "build"),
    stage("warm", "train", warm),
    stage("rl", "train", { run: "maker" }),
  ],
  lineageOf: async (run: string, id: string, branch: number) =>
    run === "maker" && id === "rl" && branch === 0 ? [1, 2, 3].map(update) : [],
  updateThatMade: async () =>
    ({
      recipe: {
        optimizer: { ...input.stages.rl, learningRate, weightDecay: 0, maxGradientNorm: 1 },
        loss: { kind: "policy-gradient", klCoefficient: 0.001, entropyCoefficient: 0.001 },
      },
    }) as unknown as KnownUpdate,
});
const wantedRl = { iteration: 2, stage: "rl", settings: {} };
const plan = (wanted: object, runs = runsWith(0.001)) =>
  planContinuation(runs, stored, { ...wantedRl, id: "new", ...wanted });

describe("what goes on after an iteration of an experiment's training", () => {
  it("is the experiment, with that stage going on in the run that made its updates", async () => {
    const { input: planned, changes } = await plan({});
    expect(changes).toEqual([]);
    expect(planned.value).toEqual({
      ...input,
      id: "new",
      stages: {
        ...input.stages,
        rl: { ...input.stages.rl, from: { run: "maker", stage: "rl", branch: 0, iteration: 2 } },
      },
    });
  });

  it("goes on on the branch that the training ended on, and not on one that was opened later", async () => {
    const runs = runsWith(0.001);
    const ended = { run: "maker", branch: 0, checkpoint: {} };
    const { input: planned } = await plan(
      {},
      {
        ...runs,
        getStages: async () => [...(await runs.getStages()).slice(0, 2), stage("rl", "train", ended)],
        lineageOf: async (run, id, branch) => (branch < 2 ? runs.lineageOf(run, id, 0) : []),
      },
    );
    expect((planned.value as typeof input).stages.rl).toMatchObject({ from: { branch: 0 } });
  });

  it("takes what was in force then, and shows it as a difference from the input", async () => {
    const { changes } = await plan({ settings: { samplesPerPrefix: 4 } }, runsWith(0.0001));
    expect(changes).toEqual([
      { name: "learningRate", from: 0.001, to: 0.0001 },
      { name: "samplesPerPrefix", from: 8, to: 4 },
    ]);
  });

  it("keeps to the limits that were set by then", async () => {
    const limit = (iteration: number, to: number): ChangeRecord => ({
      run: "maker",
      stage: "rl",
      id: String(iteration),
      iteration,
      changes: [
        { name: "tripwires.maxKl", from: 1, to },
        { name: "learningRate", from: 0.001, to: 0.5 },
      ],
    });
    const { changes } = await plan({}, runsWith(0.0001, {}, [limit(2, 5), limit(3, 7)]));
    expect(changes).toEqual([
      { name: "learningRate", from: 0.001, to: 0.0001 },
      { name: "tripwires.maxKl", from: 1, to: 5 },
    ]);
  });

  it("takes back a limit that an earlier going back wrote into the input, where it was set later", async () => {
    const rewritten = structuredClone(input);
    (rewritten.stages.rl as { training: { tripwires?: object } }).training.tripwires = { maxKl: 5 };
    const set: ChangeRecord = {
      ...{ run: "maker", stage: "rl", id: "1", iteration: 4 },
      changes: [{ name: "tripwires.maxKl", from: 1, to: 5 }],
    };
    const { changes } = await planContinuation(
      runsWith(0.001, {}, [set]),
      { ...stored, input: rewritten as unknown as Json },
      { ...wantedRl, id: "new" },
    );
    expect(changes).toEqual([{ name: "tripwires.maxKl", from: 5, to: 1 }]);
  });

  it("keeps to the commit that its policy's branch was in the run it is forked from", async () => {
    const named = { ...input, policy: "hf:org/name@main" } as unknown as Json;
    const of = (id: string) =>
      planContinuation(runsWith(0.001), { ...stored, input: named }, { ...wantedRl, id });
    expect((await of("new")).input.value.policy).toBe(commit);
    expect((await of("parent")).input.value.policy).toBe("hf:org/name@main");
  });

  it("keeps to that commit from the start of a training by hand too", async () => {
    const byHand = {
      id: "parent",
      seed: 1,
      policy: "hf:org/name@main",
      environments: "0".repeat(64),
      training,
    };
    const runs = { ...runsWith(0.001), getStages: async () => [stage("train", "train")] };
    const { input: planned } = await planContinuation(
      runs,
      { ...stored, workflowType: "trainPolicy", input: byHand },
      { id: "new", iteration: 0, settings: { learningRate: 0.1 } },
    );
    expect(planned.value.policy).toBe(commit);
  });

  it("goes on with what the run was accepted with, in the same run alone", async () => {
    const long = {
      ...input,
      stages: { ...input.stages, set: { ...input.stages.set, title: "x".repeat(101) } },
    };
    const of = (id: string, settings = {}) =>
      planContinuation(
        runsWith(0.001),
        { ...stored, input: long as unknown as Json },
        { ...wantedRl, id, settings },
      );
    expect((await of("parent")).input.value).toMatchObject({ stages: { set: long.stages.set } });
    await expect(of("parent", { learningRate: 5 })).rejects.toThrow("'stages.rl.training.learningRate' = 5");
    await expect(of("new")).rejects.toThrow("run new: field 'stages.set.title'");
  });

  it("begins at the stage's start where nothing is kept", async () => {
    const { input: planned } = await plan({ iteration: 0, settings: { learningRate: 0.1 } });
    expect((planned.value as typeof input).stages.rl).not.toHaveProperty("from");
  });

  it.each([
    [{ stage: undefined }, "run 'parent' has several trainings (warm, rl); name one with --stage"],
    [{ stage: "other" }, "run 'parent' has no training 'other'; its trainings are: warm, rl"],
    [{ stage: "warm" }, "run 'parent' has no update of a train stage 'warm' on branch 0"],
    [
      { iteration: 3, settings: { iterations: 3 } },
      "nothing is left after iteration 3: the training has 3; give an earlier one, or more with --set iterations=6",
    ],
    [{ settings: { learningRate: 5 } }, "run new: field 'stages.rl.training.learningRate' = 5"],
    [{ settings: { learningRat: 5 } }, "learningRat' = 5: there is no such field"],
  ])("is refused for %j", async (wanted, message) => {
    await expect(plan(wanted)).rejects.toThrow(message);
  });

  it.each([1, 3])(
    "is what a change that came too late, in iteration %s of as many, is told to fork",
    async (last) => {
      const refusal = () => requireInTime({ run: "parent", stage: "rl", iteration: last + 1, last });
      expect(refusal).toThrow(`fork parent --stage rl --at-iteration ${last - 1} --set`);
      const fork = { stage: "rl", iteration: last - 1, settings: { iterations: last, learningRate: 0.1 } };
      expect((await plan(fork)).changes).toContainEqual({ name: "learningRate", from: 0.001, to: 0.1 });
    },
  );

  it("is refused for a fork where a stage before it was changed while it ran", async () => {
    const altered = runsWith(0.001, { altered: true });
    await expect(plan({}, altered)).rejects.toThrow(
      "stage 'warm', which 'rl' needs, was changed while it ran, so a fork would not start from the same",
    );
    expect((await plan({ id: "parent" }, altered)).stage).toBe("rl");
  });

  it("is refused where the run was given another input since and stopped before it began with that", async () => {
    const runs = runsWith(0.001);
    const outdated = {
      ...runs,
      getStages: async () =>
        (await runs.getStages()).map((stage) => ({ ...stage, state: "outdated" as const })),
    };
    await expect(plan({ id: "parent" }, outdated)).rejects.toThrow(
      "has not begun with it yet; go on with it first: ratchet resume parent",
    );
  });

  it("is refused for what does not train", async () => {
    const build = { ...stored, workflowType: "buildEnvironments" };
    await expect(
      planContinuation(runsWith(1), build, { id: "new", iteration: 1, settings: {} }),
    ).rejects.toThrow(
      "run 'parent' is a buildEnvironments, which has no iterations; name an experiment or a training",
    );
  });
});
