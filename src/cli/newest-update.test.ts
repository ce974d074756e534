import { describe, expect, it } from "vitest";
import type { Json } from "../core/json.ts";
import type { LineageRecord, StageRecord, StageState } from "../core/ports/runs.ts";
import { newestUpdate } from "./newest-update.ts";

const update = (run: string, stage: string, branch: number, iteration: number) => {
  const name = `${run}-${stage}-${branch}-${iteration}`;
  const checkpoint = { kind: "checkpoint", hash: name, bytes: 1 };
  return {
    ...{ run, stage, branch, iteration, checkpoint },
    ...{ weightsSha256: `weights ${name}`, optimizerSha256: `optimizer ${name}` },
  } as LineageRecord;
};
/** "mine" trained `rl` with two learning rates, one a branch; "maker" did it once. */
const lineage = [
  update("mine", "cold-start", 0, 1),
  ...[1, 2, 3].map((iteration) => update("mine", "rl", 0, iteration)),
  ...[1, 2].map((iteration) => update("mine", "rl", 1, iteration)),
  ...[1, 2].map((iteration) => update("maker", "rl", 0, iteration)),
  update("maker", "cold-start", 0, 1),
];
const runs = {
  getRun: async () => undefined,
  lineageOf: async (run: string, stage: string, branch: number) =>
    lineage.filter((made) => made.run === run && made.stage === stage && made.branch === branch),
};
const input = { stages: { build: {}, "cold-start": {}, rl: {}, evaluate: {} } };

const stage = (id: string, state: StageState, rest: object = {}) =>
  ({ run: "mine", stage: id, type: "train", inputHash: "h", state, ...rest }) as StageRecord;
/** As trainPolicy gives it. */
const trained = ({ run, stage: of, branch, iteration, ...made }: LineageRecord) => ({
  result: { run, branch, iterations: iteration, stage: of, ...made } as unknown as Json,
});
const weights = async (...stages: StageRecord[]) =>
  (await newestUpdate(runs, { input }, stages))?.weightsSha256;

describe("the update that a run has come to", () => {
  const cold = stage("cold-start", "done", trained(update("mine", "cold-start", 0, 1)));

  it("is the maker's, where every training was taken from another run", async () => {
    const cached = [
      stage("cold-start", "cached", trained(update("maker", "cold-start", 0, 1))),
      stage("rl", "cached", trained(update("maker", "rl", 0, 2))),
    ];
    expect(await newestUpdate(runs, { input }, cached)).toEqual({
      stage: "rl",
      iteration: 2,
      checkpoint: { kind: "checkpoint", hash: "maker-rl-0-2", bytes: 1 },
      weightsSha256: "weights maker-rl-0-2",
      optimizerSha256: "optimizer maker-rl-0-2",
    });
  });

  it("is that of the last training of the input, in whatever order the stages became known", async () => {
    const rl = stage("rl", "cached", trained(update("maker", "rl", 0, 2)));
    expect(await weights(rl, cold)).toBe("weights maker-rl-0-2");
  });

  it("is on the branch that the training ended on, though a newer one was opened", async () => {
    expect(await weights(cold, stage("rl", "done", trained(update("mine", "rl", 0, 3))))).toBe(
      "weights mine-rl-0-3",
    );
  });

  it("is the newest of the branch that a training under way is on", async () => {
    const under = (progress: object) => stage("rl", "running", { progress });
    expect(await weights(cold, under({ done: 2, branch: 0 }))).toBe("weights mine-rl-0-3");
    expect(await weights(cold, under({ done: 2, branch: 1 }))).toBe("weights mine-rl-1-2");
  });

  it("is that of an earlier training, until a later one has an update with the run's present input", async () => {
    const made = trained(update("mine", "rl", 1, 2));
    const progress = { done: 0 };
    for (const rl of [
      stage("rl", "waiting", made),
      stage("rl", "running", { ...made, progress }),
      stage("rl", "failed"),
      stage("rl", "done", trained({ ...update("mine", "rl", 0, 3), weightsSha256: null as never })),
    ])
      expect(await weights(cold, rl)).toBe("weights mine-cold-start-0-1");
    expect(await weights(stage("cold-start", "running"), stage("rl", "waiting"))).toBeUndefined();
  });
});
