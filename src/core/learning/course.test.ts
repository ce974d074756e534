import { describe, expect, it } from "vitest";
import { tripwiresSchema } from "../experiment/tripwires.ts";
import { afterNothing, afterUpdate, branchOf, type Course, courseFrom, recover } from "./course.ts";
import type { Trip } from "./tripwires.ts";

const named = (name: string) => ({
  checkpoint: { kind: "checkpoint", hash: name, bytes: 1 },
  weightsSha256: `weights ${name}`,
  optimizerSha256: `optimizer ${name}`,
});
const updated = (name: string, branch = 0) => ({
  ...named(name),
  branch,
  reward: 0.5,
  metrics: { gradientNorm: 1 },
});
const tripwires = (given: object = {}) => tripwiresSchema.parse(given);
const start = courseFrom({ iteration: 1, branch: 0, latest: null, recent: [] });
/** Two updates done, the third iteration about to be judged. */
const third = afterUpdate(afterUpdate(start, updated("a"), tripwires()), updated("b"), tripwires());
const overKl: Trip = { measure: "KL", value: 12, limit: 10, blames: "policy", sentence: "" };
const spike: Trip = { ...overKl, blames: "batch" };
const place = ({ iteration, latest }: Course) => [iteration, latest?.checkpoint.hash ?? null];

describe("the course of a training", () => {
  it("is on a branch from its first update on", () => {
    expect([branchOf(start), branchOf(third)]).toEqual([{}, { branch: 0 }]);
    expect(branchOf(afterUpdate(start, updated("a", 2), tripwires()))).toEqual({ branch: 2 });
  });

  it("goes on with what an update made, and as it was where there was none", () => {
    expect(place(third)).toEqual([3, "b"]);
    expect(place(afterNothing(third))).toEqual([4, "b"]);
    expect(third.recent.map(({ iteration }) => iteration)).toEqual([1, 2]);
  });

  it("remembers as many updates as a tripwire compares with, also once the newest is taken back", () => {
    const one = tripwires({ window: 1, recovery: "lowerLearningRate" });
    const course = ["a", "b", "c"].reduce((at, name) => afterUpdate(at, updated(name), one), start);
    expect(course.recent.map(({ iteration }) => iteration)).toEqual([2, 3]);
    expect(recover(course, overKl, one).course.recent.map(({ iteration }) => iteration)).toEqual([2]);
  });
});

describe("a recovery", () => {
  it("that lowers the learning rate repeats from before the newest update", () => {
    const settings = tripwires({ recovery: "lowerLearningRate", learningRateFactor: 0.25 });
    const { action, sentence, course } = recover(third, overKl, settings);
    expect([action, sentence]).toEqual([
      "lowerLearningRate",
      "repeats iteration 2 with 0.25 times its learning rate",
    ]);
    expect([...place(course), course.learningRateScale, course.recoveries]).toEqual([2, "a", 0.25, 1]);
    expect(course.recent.map(({ iteration }) => iteration)).toEqual([1]);
    const again = recover(course, overKl, settings).course;
    expect([...place(again), again.learningRateScale, again.recoveries]).toEqual([2, "a", 0.0625, 2]);
  });

  it("goes back to the stage's own policy where the first update did the harm", () => {
    const second = afterUpdate(start, updated("a"), tripwires());
    const { course } = recover(second, overKl, tripwires({ recovery: "lowerLearningRate" }));
    expect(place(course)).toEqual([1, null]);
  });

  it("that skips leaves out the batch, and the update before it where that did the harm", () => {
    const settings = tripwires({ recovery: "skipIteration" });
    const withoutBatch = recover(third, spike, settings);
    expect(place(withoutBatch.course)).toEqual([4, "b"]);
    expect(withoutBatch.sentence).toBe("goes on with iteration 4");
    const withoutUpdate = recover(third, overKl, settings);
    expect(place(withoutUpdate.course)).toEqual([4, "a"]);
    expect(withoutUpdate.sentence).toBe("goes on with iteration 4, without the update of 2");
  });

  it("parks once as many were made as are allowed, back at the last good checkpoint, and counts afresh", () => {
    const settings = tripwires({ recovery: "lowerLearningRate", maxRecoveries: 1 });
    const once = recover(third, overKl, settings).course;
    const { action, course } = recover(once, overKl, settings);
    expect([action, ...place(course), course.recoveries]).toEqual(["park", 2, "a", 0]);
    expect(course.learningRateScale).toBe(0.5);
  });

  it("opens its iterations on the branch it goes back to", () => {
    const onNewBranch = afterUpdate(third, updated("c", 1), tripwires());
    expect(recover(onNewBranch, overKl, tripwires()).course.branch).toBe(0);
  });
});
