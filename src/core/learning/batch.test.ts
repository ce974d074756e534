import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildPolicyBatch, type ScoredGroup } from "./batch.ts";

const group = (prompt: number, rewards: readonly number[]): ScoredGroup => ({
  prompt: [prompt],
  responses: rewards.map((reward, g) => ({
    tokens: Array.from({ length: g + 1 }, (_, t) => 100 * g + t),
    logprobs: Array.from({ length: g + 1 }, (_, t) => -t),
    reward,
    finish: g === 0 ? "length" : "stop",
    calls: 1,
    solved: reward > 0 ? 1 : 0,
  })),
});

describe("a policy-gradient batch", () => {
  it("leaves out groups of equal rewards and counts them", () => {
    const { miniBatches, metrics } = buildPolicyBatch(
      [group(1, [1, 0]), group(2, [1, 1]), group(3, [0, 0])],
      {
        algorithm: "grpo",
        miniBatches: 1,
      },
    );
    expect(miniBatches).toHaveLength(1);
    expect(miniBatches[0]!.map(({ prompt }) => prompt)).toEqual([[1], [1]]);
    expect(metrics).toEqual({
      groups: 3,
      zeroVarianceShare: 2 / 3,
      rewardMean: 0.5,
      responseTokensMean: 1.5,
      truncatedShare: 0.5,
      callsMean: 1,
      solvedMean: 0.5,
    });
  });

  it("gives each response its tokens, a full mask, and an advantage and a log-probability per token", () => {
    const { miniBatches } = buildPolicyBatch([group(7, [1, 0])], { algorithm: "grpo", miniBatches: 1 });
    const [won, lost] = miniBatches[0]!;
    expect(won).toEqual({
      prompt: [7],
      response: [0],
      mask: [1],
      advantages: [expect.closeTo(Math.SQRT1_2, 5)],
      logprobs: [-0],
    });
    expect(lost).toEqual({
      prompt: [7],
      response: [100, 101],
      mask: [1, 1],
      advantages: [expect.closeTo(-Math.SQRT1_2, 5), expect.closeTo(-Math.SQRT1_2, 5)],
      logprobs: [-0, -1],
    });
  });

  it("divides whole groups, in order, into parts that differ by at most one group", () => {
    const groups = [1, 2, 3, 4, 5].map((prompt) => group(prompt, [1, 0]));
    const prompts = (count: number) =>
      buildPolicyBatch(groups, { algorithm: "grpo", miniBatches: count }).miniBatches.map((rows) =>
        rows.map(({ prompt }) => prompt[0]),
      );
    expect(prompts(2)).toEqual([
      [1, 1, 2, 2],
      [3, 3, 4, 4, 5, 5],
    ]);
    expect(prompts(9)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
  });

  it("is empty where nothing can be learned", () => {
    expect(buildPolicyBatch([group(1, [1, 1])], { algorithm: "grpo", miniBatches: 2 }).miniBatches).toEqual(
      [],
    );
    expect(buildPolicyBatch([], { algorithm: "reinforce++", miniBatches: 2 }).miniBatches).toEqual([]);
  });

  it("keeps every group for REINFORCE++, which compares across groups", () => {
    const { miniBatches } = buildPolicyBatch([group(1, [1, 1]), group(2, [0, 0])], {
      algorithm: "reinforce++",
      miniBatches: 1,
    });
    const signs = miniBatches[0]!.map(({ advantages }) => Math.sign(advantages[0]!));
    expect(signs).toEqual([1, 1, -1, -1]);
  });

  it("shuffled as a control, keeps each group's rewards and is the same for the same seed", () => {
    const rewards = fc.array(fc.constantFrom(0, 0.5, 1), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(rewards, { maxLength: 5 }), fc.nat(), (lists, shuffleSeed) => {
        const groups = lists.map((list, prompt) => group(prompt, list));
        const settings = { algorithm: "grpo", miniBatches: 1 } as const;
        const plain = buildPolicyBatch(groups, settings);
        const shuffled = buildPolicyBatch(groups, { ...settings, shuffleSeed });
        expect(buildPolicyBatch(groups, { ...settings, shuffleSeed })).toEqual(shuffled);
        const spread = (rows: typeof plain.miniBatches) =>
          (rows[0] ?? []).map(({ prompt, advantages }) => `${prompt} ${advantages[0]!.toFixed(6)}`).sort();
        expect(spread(shuffled.miniBatches)).toEqual(spread(plain.miniBatches));
        expect(shuffled.metrics.zeroVarianceShare).toBe(plain.metrics.zeroVarianceShare);
      }),
    );
  });

  it("shuffled, does move rewards between responses", () => {
    const groups = [group(1, [1, 0, 0, 0, 0, 0, 0, 0])];
    const first = [1, 2, 3, 4].map(
      (shuffleSeed) =>
        buildPolicyBatch(groups, { algorithm: "grpo", miniBatches: 1, shuffleSeed }).miniBatches[0]![0]!
          .advantages[0]! > 0,
    );
    expect(first).toContain(false);
  });
});
