import { describe, expect, it } from "vitest";
import type { ChangeRecord } from "../ports/runs.ts";
import { changesTo, holding, requireInTime, settingsAt } from "./changes.ts";
import { reinforcementSchema } from "./input.ts";

const training = reinforcementSchema.parse({ algorithm: "grpo", iterations: 9, learningRate: 0.1 });
const made = (iteration: number, changes: ChangeRecord["changes"]): ChangeRecord => ({
  run: "run",
  stage: "rl",
  id: `u${iteration}`,
  iteration,
  changes,
});
const rate = (iteration: number, to: number, from = 0.1) =>
  made(iteration, [{ name: "learningRate", from, to }]);

describe("what a person changed while a policy trained", () => {
  it("tells from what the input has, also where it asks for that again", () => {
    expect(changesTo(training, { learningRate: 0.1, "tripwires.minEntropy": 2 })).toEqual([
      { name: "learningRate", from: 0.1, to: 0.1 },
      { name: "tripwires.minEntropy", from: null, to: 2 },
    ]);
  });

  it("holds from its iteration on, and of two changes of one name the later made", () => {
    const records = [rate(4, 0.2), rate(3, 0.3)];
    const rates = [2, 3, 4, 9].map((iteration) => settingsAt(training, records, iteration).learningRate);
    expect(rates).toEqual([0.1, 0.3, 0.3, 0.3]);
    const limited = made(2, [{ name: "tripwires.maxKl", from: 1, to: 7 }]);
    expect(settingsAt(training, [limited], 2).tripwires).toEqual({ ...training.tripwires, maxKl: 7 });
  });

  it("holds no more where the input says otherwise, or goes on after its iteration", () => {
    const records = [rate(3, 0.3), rate(5, 0.5)];
    expect(holding(records, training, 3)).toEqual([rate(5, 0.5)]);
    expect(holding(records, { ...training, learningRate: 0.01 }, 0)).toEqual([]);
    const two = made(4, [
      { name: "learningRate", from: 0.02, to: 0.3 },
      { name: "weightDecay", from: training.weightDecay, to: 0.3 },
    ]);
    expect(holding([two], training, 0)).toEqual([{ ...two, changes: [two.changes[1]] }]);
  });

  it("comes too late once the last iteration has begun, and not before anything is counted", () => {
    const asked = (iteration: number) => () =>
      requireInTime({ run: "tiny", stage: "rl", iteration, last: 6 });
    expect(asked(6)).not.toThrow();
    expect(asked(7)).toThrow(
      "too late: the last iteration, 6, has begun, and none comes after it; to do that one otherwise, fork the run once it has ended: npx ratchet fork tiny --stage rl --at-iteration 5 --set NAME=VALUE",
    );
    expect(() => requireInTime({})).not.toThrow();
    expect(() => requireInTime({ run: "tiny", iteration: 1 })).not.toThrow();
  });
});
