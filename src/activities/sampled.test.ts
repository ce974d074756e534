import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import {
  callOf,
  characterCodec,
  newLedger,
  responseOf,
  setOf,
  startIn,
} from "../../tests/support/character-policy.ts";
import { caseOf, chainCandidate } from "../../tests/support/small-world.ts";
import { createVmSandbox } from "../../tests/support/vm-sandbox.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { TrainingRow } from "../core/ports/policy.ts";
import type { StageRecord } from "../core/ports/runs.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import { playTools, recordResponses } from "./episode.ts";
import type { CpuPorts } from "./ports.ts";
import { storeSampled, withSampled } from "./sampled.ts";
import { createTrainingActivities, type GoldenBatch } from "./training.ts";

const codec = characterCodec();
const small = caseOf(chainCandidate);
const { environment } = small;
const set = setOf(small);
const artifact = (kind: string, digit: string): ArtifactRef => ({ kind, hash: digit.repeat(64), bytes: 1 });
const environments = artifact("environment-set", "e");

const golden = environment.referenceCalls.map(({ tool }) => tool);

/** A trajectory that says these turns, one after the other, played with the real tools. */
async function said(twin: number, ...texts: string[]): Promise<Trajectory> {
  let trajectory = startIn(small, twin);
  for (const text of texts) {
    const recorded = recordResponses(trajectory, [responseOf(text)], codec);
    const limits = { reward: "solve-f1", maxTurns: 4, maxResponseTokens: 100 } as const;
    [trajectory] = (await playTools([recorded], set, codec, createVmSandbox(), limits)) as [Trajectory];
  }
  return trajectory;
}

/** Stored by content, as far as the activities can tell; a ledger to which everything is new. */
function portsWith(stages: readonly StageRecord[] = [], spoken = codec) {
  const stored = new Map<string, unknown>([[environments.hash, set]]);
  const artifacts = {
    putJson: async (kind: string, value: unknown) => {
      const ref = artifact(kind, String(stored.size));
      stored.set(ref.hash, value);
      return ref;
    },
    getJson: async ({ hash }: ArtifactRef) => stored.get(hash),
    find: async (kind: string, hash: string) => ({ kind, hash, bytes: 1 }),
  };
  return {
    artifacts,
    ledger: newLedger,
    codec: async () => spoken,
    environmentSet: async () => set,
    runs: { getStages: async (run: string) => stages.filter((stage) => stage.run === run) },
  } as unknown as CpuPorts;
}

const right = callOf(golden[0]!, { city: "Lyon" });
const trajectories = await Promise.all([
  said(0, right, "I do not know."),
  said(1, "No tools for me."),
  said(2, right, callOf("no_such_tool", {}), "I do not know."),
]);

async function batchOf(
  filter: { minSolveF1: number; answerRight: boolean },
  { spoken = codec, named = environments, maxTrajectories = 9 } = {},
): Promise<TrainingRow[][]> {
  const ports = portsWith([], spoken);
  const shard = await ports.artifacts.putJson("shard", { environments: environments.hash, trajectories });
  const { hash: from } = await storeSampled(ports.artifacts, { environments, shards: [shard] });
  const input: GoldenBatch = {
    context: { run: "mine", stage: "sft", branch: 0, seed: 1, iteration: 1 },
    policy: artifact("checkpoint", "c"),
    environments: named,
    training: {
      trajectories: { from, ...filter },
      epochs: 1,
      batchSize: 1,
      stepsPerUpdate: 8,
      maxTrajectories,
    },
  };
  const activities = createTrainingActivities(ports);
  expect(await new MockActivityEnvironment().run(activities.countGoldenUpdates, input)).toBe(1);
  const batch = (await new MockActivityEnvironment().run(
    activities.assembleGoldenBatch,
    input,
  )) as ArtifactRef;
  return (await ports.artifacts.getJson(batch)) as TrainingRow[][];
}

const texts = (batch: readonly (readonly TrainingRow[])[]) =>
  batch.flatMap((rows) => rows.map(({ response }) => codec.decode(response))).sort();

describe("a supervised batch of sampled trajectories", () => {
  it("holds those of enough Solve-F1, what was said trained on and what tools answered not", async () => {
    // One of two sub-answers in one call, in two calls, and none: 2/3, 2/4 and 0.
    const batch = await batchOf({ minSolveF1: 0.6, answerRight: false });
    expect(texts(batch)).toEqual([`${right}[France]I do not know.`]);
    const [{ prompt, mask, advantages }] = batch[0] as [TrainingRow];
    expect(codec.decode(prompt)).toBe("?");
    const bits = (text: string, bit: number) => [...text].map(() => bit);
    expect(mask).toEqual([...bits(right, 1), ...bits("[France]", 0), ...bits("I do not know.", 1)]);
    expect(new Set(advantages)).toEqual(new Set([1]));
    expect(texts(await batchOf({ minSolveF1: 0.5, answerRight: false }))).toHaveLength(2);
    expect(texts(await batchOf({ minSolveF1: 0, answerRight: false }))).toHaveLength(3);
  });

  it("takes the first that pass where fewer are wanted", async () => {
    const batch = await batchOf({ minSolveF1: 0, answerRight: false }, { maxTrajectories: 2 });
    expect(texts(batch)).toEqual([`${right}[France]I do not know.`, "No tools for me."].sort());
  });

  it("is refused where none passes, and says how good the best is", async () => {
    await expect(batchOf({ minSolveF1: 0.6, answerRight: true })).rejects.toThrow(
      "has no trajectory that passes, of 3, at minSolveF1 0.6 with the right answer; the best has 0.667",
    );
  });

  it("is refused where they were sampled in another set, or through another template", async () => {
    const filter = { minSolveF1: 0, answerRight: false };
    await expect(batchOf(filter, { named: artifact("environment-set", "f") })).rejects.toThrow(
      "was sampled in environments eeeeeeeeeeee and the training names ffffffffffff",
    );
    await expect(batchOf(filter, { spoken: characterCodec("!") })).rejects.toThrow(
      "by a policy with another tokenizer or chat template",
    );
  });
});

describe("the name of sampled trajectories", () => {
  const evaluated = (id: string, digit: string): StageRecord => ({
    run: "first",
    stage: id,
    type: "evaluate",
    inputHash: "",
    state: "done",
    result: { trajectories: { ...artifact("trajectories", digit) } },
  });
  const resolved = async (from: string, ...stages: StageRecord[]) => {
    const training = {
      algorithm: "sft",
      trajectories: { from, minSolveF1: 1, answerRight: true },
    } as Parameters<typeof withSampled>[1];
    const settings = await withSampled(portsWith(stages), training);
    return settings.algorithm === "sft" ? settings.trajectories?.from : undefined;
  };
  const before = evaluated("before", "1");
  const after = evaluated("after", "2");

  it("becomes their content hash", async () => {
    expect(await resolved("first", before)).toBe("1".repeat(64));
    expect(await resolved("first/after", before, after)).toBe("2".repeat(64));
    expect(await resolved("9".repeat(64))).toBe("9".repeat(64));
  });

  it("is refused where it means several or none", async () => {
    await expect(resolved("first", before, after)).rejects.toThrow(
      "training.trajectories.from 'first' names several finished evaluations or calibrations; choose one of first/before, first/after",
    );
    await expect(resolved("other/before", before)).rejects.toThrow(
      "names no finished evaluation or calibration; evaluate or calibrate a policy in the training's environments first",
    );
  });
});
