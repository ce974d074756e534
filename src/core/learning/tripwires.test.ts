import { describe, expect, it } from "vitest";
import { tripwiresSchema } from "../experiment/tripwires.ts";
import { judgeReward, judgeUpdate, type RecentUpdate } from "./tripwires.ts";

const tripwires = (given: object = {}) => tripwiresSchema.parse({ window: 3, ...given });
const sound = { loss: 0.1, policyLoss: 0.1, kl: 0.02, entropy: 1.5, gradientNorm: 2 };
const recent = (...updates: readonly [gradientNorm: number, reward: number][]): RecentUpdate[] =>
  updates.map(([gradientNorm, reward], i) => ({ iteration: i + 1, gradientNorm, reward }));
const usual = recent([1, 0.4], [2, 0.5], [3, 0.6]);

describe("what an update measured", () => {
  it("passes within the limits, and at them", () => {
    expect(judgeUpdate(sound, tripwires(), usual)).toBeNull();
    const atLimits = { minEntropy: 1.5, maxEntropy: 1.5, maxKl: 0.02 };
    expect(judgeUpdate(sound, tripwires(atLimits), usual)).toBeNull();
    expect(judgeUpdate({ ...sound, gradientNorm: 200 }, tripwires(), usual)).toBeNull();
  });

  it.each(["loss", "policyLoss", "kl", "entropy", "gradientNorm"] as const)(
    "trips where its %s is not a finite number, whatever the settings",
    (name) => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null as unknown as number])
        expect(judgeUpdate({ ...sound, [name]: value }, tripwires(), [])).toMatchObject({
          value: null,
          blames: "policy",
          sentence: expect.stringMatching(/ is (NaN|Infinity|null)$/),
        });
    },
  );

  it("trips over the KL and beyond either limit of the entropy", () => {
    expect(judgeUpdate({ ...sound, kl: 12.34567 }, tripwires(), usual)).toEqual({
      measure: "KL to the reference",
      value: 12.34567,
      limit: 1,
      blames: "policy",
      setting: "maxKl",
      sentence: "KL to the reference is 12.35, above tripwires.maxKl = 1",
    });
    expect(judgeUpdate(sound, tripwires({ minEntropy: 1.6 }), usual)?.sentence).toBe(
      "entropy is 1.5, below tripwires.minEntropy = 1.6",
    );
    expect(judgeUpdate(sound, tripwires({ maxEntropy: 1.4 }), usual)?.sentence).toBe(
      "entropy is 1.5, above tripwires.maxEntropy = 1.4",
    );
  });

  it("trips at a spike of the gradient norm over the updates before, and blames the batch", () => {
    expect(judgeUpdate({ ...sound, gradientNorm: 201 }, tripwires(), usual)).toMatchObject({
      blames: "batch",
      limit: 200,
      sentence:
        "gradient norm is 201, above tripwires.maxGradientSpike = 100 times the 2 of the 3 updates before",
    });
  });

  it("is compared with the newest updates only, and with nothing while there are too few", () => {
    const spike = { ...sound, gradientNorm: 250 };
    expect(judgeUpdate(spike, tripwires(), usual.slice(1))).toBeNull();
    expect(judgeUpdate(spike, tripwires(), [...recent([1e6, 0]), ...usual])).not.toBeNull();
    expect(judgeUpdate(spike, tripwires({ window: 10 }), usual)?.sentence).toContain(
      "of the 3 updates before",
    );
  });
});

describe("a mean reward", () => {
  it("trips below the named share of the updates before, and not at it", () => {
    const settings = tripwires({ minRewardShare: 0.5 });
    expect(judgeReward(0.25, settings, usual)).toBeNull();
    expect(judgeReward(0.24, settings, usual)).toEqual({
      measure: "mean reward",
      value: 0.24,
      limit: 0.25,
      blames: "policy",
      setting: "minRewardShare",
      sentence:
        "mean reward is 0.24, below tripwires.minRewardShare = 0.5 of the 0.5 of the 3 updates before",
    });
  });

  it("is not compared with a mean that is not positive, of which no share is a fall", () => {
    const poor = recent([1, -0.1], [1, -0.1], [1, -0.1]);
    expect(judgeReward(-0.1, tripwires({ minRewardShare: 0.5 }), poor)).toBeNull();
  });

  it("may fall to nothing where no share is named, or too few updates came before", () => {
    expect(judgeReward(0, tripwires(), usual)).toBeNull();
    expect(judgeReward(0, tripwires({ minRewardShare: 0.5 }), usual.slice(1))).toBeNull();
  });
});
