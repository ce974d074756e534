import { describe, expect, it } from "vitest";
import type { LineageRecord, RunRecord } from "../core/ports/runs.ts";
import { lineagePath, originAt, originsOf, pathTo } from "./lineage-path.ts";

const update = (run: string, iteration: number) =>
  ({ run, stage: "rl", branch: 0, iteration, parent: `${run}-before-${iteration}` }) as LineageRecord;
const origin = (run: string, iteration: number) => ({ run, stage: "rl", branch: 0, iteration });

/** "child" goes on after iteration 2 of "parent", and "grandchild" after iteration 3 of "child". */
const updates: Record<string, LineageRecord[]> = {
  parent: [1, 2, 3, 4].map((iteration) => update("parent", iteration)),
  child: [3, 4].map((iteration) => update("child", iteration)),
  grandchild: [update("grandchild", 4)],
};
const inputs: Record<string, object> = {
  parent: { training: { learningRate: 0.1 } },
  child: { training: { learningRate: 0.2 }, from: origin("parent", 2) },
  grandchild: { stages: { rl: { training: { learningRate: 0.2 }, from: origin("child", 3) } } },
};
const runs = {
  getRun: async (run: string) => inputs[run] && ({ run, input: inputs[run] } as unknown as RunRecord),
  lineageOf: async (run: string, stage: string, branch: number) =>
    stage === "rl" && branch === 0 ? (updates[run] ?? []) : [],
};
const named = (path: readonly LineageRecord[]) => path.map(({ run, iteration }) => `${run} ${iteration}`);

describe("the path to a training's newest update", () => {
  it("leads through the runs that it was forked from", async () => {
    expect(named(await lineagePath(runs, "grandchild", "rl", 0))).toEqual([
      "parent 1",
      "parent 2",
      "child 3",
      "grandchild 4",
    ]);
  });

  it("ends where one goes on after it, in the run that made that iteration", async () => {
    expect(named(await pathTo(runs, origin("grandchild", 3)))).toEqual(["parent 1", "parent 2", "child 3"]);
    expect(await originAt(runs, origin("grandchild", 4))).toEqual(origin("grandchild", 4));
    expect(await originAt(runs, origin("grandchild", 3))).toEqual(origin("child", 3));
    expect(await originAt(runs, origin("grandchild", 1))).toEqual(origin("parent", 1));
  });

  it("is refused in one sentence where there is no such stage, branch or iteration", async () => {
    await expect(pathTo(runs, origin("parent", 5))).rejects.toThrow(
      "iteration 5 of 'rl' of run 'parent' is none to go on after: branch 0 has updates from iteration 1 to 4; give one of these",
    );
    await expect(pathTo(runs, { ...origin("parent", 1), branch: 3 })).rejects.toThrow(
      "run 'parent' has no update of a train stage 'rl' on branch 3; npx ratchet status parent --json lists its branches",
    );
  });
});

describe("where a training goes on from", () => {
  const forked = {
    stage: "rl",
    from: origin("parent", 2),
    changes: [{ name: "learningRate", from: 0.1, to: 0.2 }],
  };

  it("is told with what it does otherwise", async () => {
    expect(await originsOf(runs, { run: "child", input: inputs.child as never }, "rl")).toEqual([forked]);
    expect(await originsOf(runs, { run: "parent", input: inputs.parent as never }, "rl")).toEqual([]);
  });

  it("is both the run it was forked from and an iteration of its own that it went back to", async () => {
    const again = { ...inputs.child, from: { ...origin("child", 3), parent: origin("parent", 2) } };
    expect(await originsOf(runs, { run: "child", input: again as never }, "rl")).toEqual([
      forked,
      { stage: "rl", from: origin("child", 3), changes: [] },
    ]);
    const gone = {
      ...runs,
      getRun: async (run: string) =>
        run === "child" ? ({ run, input: again } as unknown as RunRecord) : runs.getRun(run),
    };
    expect(named(await lineagePath(gone, "child", "rl", 0))).toEqual([
      "parent 1",
      "parent 2",
      "child 3",
      "child 4",
    ]);
    expect(await originAt(gone, origin("child", 2))).toEqual(origin("parent", 2));
    expect(await originAt(gone, origin("child", 3))).toEqual(origin("child", 3));
  });
});
