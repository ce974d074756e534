import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregations, tokenWeights } from "./aggregation.ts";
import { absoluteKl, klEstimate, lowVarianceKl, squaredKl } from "./kl.ts";
import { policyLoss } from "./policy-loss.ts";

describe("KL estimators", () => {
  it.each([
    [-1.0, -1.2, 0.2, 0.02, 0.01873075],
    [-0.5, -2, 1.5, 1.125, 0.72313016],
  ])("of log-probability %d against %d are k1 %d, k2 %d, k3 %d", (logprob, reference, k1, k2, k3) => {
    expect(klEstimate(logprob, reference)).toBeCloseTo(k1, 8);
    expect(absoluteKl(reference, logprob)).toBeCloseTo(k1, 8);
    expect(squaredKl(logprob, reference)).toBeCloseTo(k2, 8);
    expect(lowVarianceKl(logprob, reference)).toBeCloseTo(k3, 8);
  });

  it("limits k3 to 10", () => {
    expect(lowVarianceKl(-30, -1)).toBe(10);
  });
});

describe("aggregation over responses of 1 and 3 tokens", () => {
  it("weighs tokens alike, or responses alike", () => {
    expect(tokenWeights("token-mean", [1, 3])).toEqual([0.25, 0.25]);
    expect(tokenWeights("seq-mean-token-sum", [1, 3])).toEqual([0.5, 0.5]);
    expect(tokenWeights("seq-mean-token-mean", [1, 3])).toEqual([0.5, 1 / 6]);
  });
});

const settings = {
  clipLow: 0.2,
  clipHigh: 0.28,
  clipDual: 3,
  klCoefficient: 0,
  aggregation: "token-mean",
} as const;

const oneToken = (ratio: number, advantage: number) =>
  policyLoss(
    {
      logprobs_NT: [[Math.log(ratio) - 2]],
      oldLogprobs_NT: [[-2]],
      referenceLogprobs_NT: [[-2]],
      advantages_NT: [[advantage]],
    },
    settings,
  );

describe("the clipped loss of one token", () => {
  it.each([
    ["within the clip", 1.1, 1, -1.1, -1.1, 0, 0],
    ["a good token over the upper bound", 1.5, 1, -1.28, 0, 1, 0],
    ["a good token under the lower bound still learns", 0.5, 1, -0.5, -0.5, 0, 0],
    ["a bad token under the lower bound", 0.5, -1, 0.8, 0, 1, 0],
    ["a bad token over the upper bound still learns", 1.5, -1, 1.5, 1.5, 0, 0],
    ["a bad token far over it meets the dual clip", 4, -1, 3, 0, 0, 1],
  ])("%s", (_, ratio, advantage, loss, gradient, clipped, dualClipped) => {
    const result = oneToken(ratio, advantage);
    expect(result.policyLoss).toBeCloseTo(loss, 12);
    expect(result.gradient_NT[0]![0]).toBeCloseTo(gradient, 12);
    expect([result.clipFraction, result.dualClipFraction]).toEqual([clipped, dualClipped]);
    expect(result.approximateKl).toBeCloseTo(-Math.log(ratio), 12);
  });
});

describe("the gradient", () => {
  it("is the slope of the loss, by central differences, away from the clips' corners", () => {
    const token = fc.record({
      logprob: fc.double({ min: -4, max: -0.1, noNaN: true }),
      old: fc.double({ min: -4, max: -0.1, noNaN: true }),
      reference: fc.double({ min: -4, max: -0.1, noNaN: true }),
      advantage: fc.double({ min: -2, max: 2, noNaN: true }),
    });
    const responses = fc.array(fc.array(token, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(responses, fc.constantFrom(...aggregations), (given, aggregation) => {
        const h = 1e-6;
        const lossAt = (shift: number, n = 0, t = 0) => {
          const result = policyLoss(
            {
              logprobs_NT: given.map((r, i) =>
                r.map(({ logprob }, j) => (i === n && j === t ? logprob + shift : logprob)),
              ),
              oldLogprobs_NT: given.map((r) => r.map(({ old }) => old)),
              referenceLogprobs_NT: given.map((r) => r.map(({ reference }) => reference)),
              advantages_NT: given.map((r) => r.map(({ advantage }) => advantage)),
            },
            { ...settings, klCoefficient: 0.05, aggregation },
          );
          return { ...result, total: result.policyLoss + 0.05 * result.klLoss };
        };
        const { gradient_NT } = lossAt(0);
        given.forEach((response, n) => {
          response.forEach(({ logprob, old, reference }, t) => {
            const ratio = Math.exp(logprob - old);
            const corners = [0.8, 1.28, 3].map((corner) => Math.abs(ratio - corner));
            const k3Limit = Math.abs(Math.exp(reference - logprob) - (reference - logprob) - 11);
            if (Math.min(...corners, k3Limit) < 1e-4) return;
            const slope = (lossAt(h, n, t).total - lossAt(-h, n, t).total) / (2 * h);
            expect(Math.abs(gradient_NT[n]![t]! - slope)).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope)));
          });
        });
      }),
      { numRuns: 60 },
    );
  });
});
