import { describe, expect, it } from "vitest";
import type { LineageRecord } from "../core/ports/runs.ts";
import { walkLineage } from "./lineage.ts";

const update = (branch: number, iteration: number, parent: string, made: string): LineageRecord => ({
  run: "run",
  stage: "train",
  branch,
  iteration,
  stepKey: `${parent}>${made}`,
  parent,
  checkpoint: { kind: "checkpoint", hash: made, bytes: 1 },
  weightsSha256: made,
  optimizerSha256: made,
  metrics: {},
});
const path = (records: LineageRecord[]) => records.map(({ stepKey }) => stepKey);

describe("the path to a branch's newest state", () => {
  const records = [
    update(0, 1, "base", "a1"),
    update(0, 2, "a1", "a2"),
    update(0, 3, "a2", "a3"),
    update(1, 2, "a1", "b2"),
    update(1, 3, "b2", "b3"),
  ];

  it("is the branch itself where it never left another", () => {
    expect(path(walkLineage(records, 0))).toEqual(["base>a1", "a1>a2", "a2>a3"]);
  });

  it("begins on the branch it left", () => {
    expect(path(walkLineage(records, 1))).toEqual(["base>a1", "a1>b2", "b2>b3"]);
  });

  it("is empty for a branch nobody opened", () => {
    expect(walkLineage(records, 2)).toEqual([]);
  });

  it("goes on over an iteration that made no update", () => {
    const gap = [update(0, 1, "base", "a1"), update(0, 3, "a1", "a3")];
    expect(path(walkLineage(gap, 0))).toEqual(["base>a1", "a1>a3"]);
  });

  it("goes on when an update leaves the state as it was (learning rate 0)", () => {
    const still = [update(0, 1, "same", "same"), update(0, 2, "same", "same"), update(0, 3, "same", "same")];
    expect(walkLineage(still, 0).map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  });
});
