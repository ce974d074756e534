import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advantages, groupAdvantages, leaveOneOutAdvantages, whiten } from "./advantages.ts";

const rounded = (values: readonly number[]) => values.map((value) => Number(value.toFixed(6)));
const rewards = [1, 0, 0.5, 0];
const oneGroup = rewards.map((reward) => ({ group: "p", reward, tokens: 2 }));

describe("advantages of one group with rewards 1, 0, 0.5, 0", () => {
  it("are the golden values for each rule", () => {
    expect(rounded(groupAdvantages(rewards))).toEqual([1.30558, -0.783348, 0.261116, -0.783348]);
    expect(rounded(groupAdvantages(rewards, 1e-4))).toEqual([1.30531, -0.783186, 0.261062, -0.783186]);
    expect(rounded(leaveOneOutAdvantages(rewards))).toEqual([0.833333, -0.5, 0.166667, -0.5]);
    expect(advantages("dr-grpo", oneGroup)).toEqual([
      [0.625, 0.625],
      [-0.375, -0.375],
      [0.125, 0.125],
      [-0.375, -0.375],
    ]);
  });

  it("keep a lone response's reward", () => {
    const alone = [{ group: "p", reward: 0.5, tokens: 1 }];
    expect(advantages("rloo", alone)).toEqual([[0.5]]);
    expect(advantages("dr-grpo", alone)).toEqual([[0.5]]);
    expect(advantages("grpo", alone)[0]![0]).toBeCloseTo(0.5, 6);
  });
});

describe("REINFORCE++", () => {
  it("spreads two outcomes over their tokens: 1 and 0 give +-0.9354 (4 tokens each)", () => {
    const given = [
      { group: 0, reward: 1, tokens: 4 },
      { group: 1, reward: 0, tokens: 4 },
    ];
    const [won, lost] = advantages("reinforce++", given);
    expect(rounded(won!)).toEqual([0.935414, 0.935414, 0.935414, 0.935414]);
    expect(rounded(lost!)).toEqual([-0.935414, -0.935414, -0.935414, -0.935414]);
  });

  it("discounts from the last token back", () => {
    const given = [{ group: 0, reward: 1, tokens: 3 }];
    const [values] = advantages("reinforce++", given, 0.5);
    // Returns 0.25, 0.5, 1: mean 7/12, unbiased variance 7/48.
    expect(rounded(values!)).toEqual([-0.872872, -0.218218, 1.091089]);
  });

  it("gives a single token 0, as there is nothing to compare it with", () => {
    expect(whiten([[5]])).toEqual([[0]]);
  });
});

const batch = fc.array(
  fc.record({
    group: fc.integer({ min: 0, max: 3 }),
    reward: fc.constantFrom(-0.5, -0.3, 0, 0.5, 1, 4 / 3),
    tokens: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 2, maxLength: 20 },
);

describe("advantages of any batch", () => {
  it("sum to 0 in each group of two or more (group-relative rules)", () => {
    fc.assert(
      fc.property(
        batch,
        fc.constantFrom("grpo" as const, "dr-grpo" as const, "rloo" as const),
        (given, rule) => {
          const values = advantages(rule, given).map(([first]) => first!);
          for (const group of new Set(given.map((response) => response.group))) {
            const members = values.filter((_, n) => given[n]!.group === group);
            if (members.length < 2) continue;
            expect(Math.abs(members.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-6);
          }
        },
      ),
    );
  });

  it("do not depend on the order of responses", () => {
    fc.assert(
      fc.property(batch, fc.constantFrom("grpo" as const, "reinforce++" as const), (given, rule) => {
        const forward = advantages(rule, given);
        const backward = advantages(rule, [...given].reverse()).reverse();
        forward.forEach((values, n) => {
          values.forEach((value, t) => {
            expect(backward[n]![t]).toBeCloseTo(value, 6);
          });
        });
      }),
    );
  });
});
