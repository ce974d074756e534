import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { pairedDifferences } from "./bootstrap.ts";
import { compareEvaluations } from "./comparison.ts";
import { type EvaluatedEnvironment, metrics } from "./metrics.ts";

const outcome = (environment: number, entity: string, solved: number): EvaluatedEnvironment => ({
  environment: `env-${environment}`,
  entity,
  scenario: "single_hop",
  calls: 1,
  solved,
  subAnswers: 1,
  isAnswerRight: solved === 1,
});

/** One pair of evaluations: environment i of entity i % entities was solved before and after, or not. */
const pairs = fc
  .array(fc.record({ before: fc.integer({ min: 0, max: 1 }), after: fc.integer({ min: 0, max: 1 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((list) => fc.record({ list: fc.constant(list), entities: fc.integer({ min: 1, max: 5 }) }))
  .map(({ list, entities }) => ({
    before: list.map(({ before }, i) => outcome(i, `entity-${i % entities}`, before)),
    after: list.map(({ after }, i) => outcome(i, `entity-${i % entities}`, after)),
  }));

describe("the paired difference of two evaluations", () => {
  it("is exactly 0, and so is its interval, when nothing changed", () => {
    fc.assert(
      fc.property(pairs, fc.nat(), ({ before }, seed) => {
        for (const metric of metrics)
          expect(pairedDifferences(before, before, seed)[metric]).toEqual({ mean: 0, low: 0, high: 0 });
      }),
      { numRuns: 20 },
    );
  });

  it("does not depend on the order in which environments are given", () => {
    fc.assert(
      fc.property(pairs, fc.nat(), ({ before, after }, seed) => {
        expect(pairedDifferences([...before].reverse(), [...after].reverse(), seed)).toEqual(
          pairedDifferences(before, after, seed),
        );
      }),
      { numRuns: 20 },
    );
  });

  it("lies within its interval, which turns round with the pair", () => {
    fc.assert(
      fc.property(pairs, fc.nat(), ({ before, after }, seed) => {
        const there = pairedDifferences(before, after, seed).solveF1;
        const back = pairedDifferences(after, before, seed).solveF1;
        expect(there.low).toBeLessThanOrEqual(there.mean + 1e-12);
        expect(there.high).toBeGreaterThanOrEqual(there.mean - 1e-12);
        expect(back.mean).toBeCloseTo(-there.mean, 12);
        expect(back.low).toBeCloseTo(-there.high, 12);
        expect(back.high).toBeCloseTo(-there.low, 12);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it("is known to nothing where one entity is all there is", () => {
    const before = [outcome(0, "a", 0), outcome(1, "a", 0)];
    const after = [outcome(0, "a", 1), outcome(1, "a", 0)];
    expect(pairedDifferences(before, after, 1).solveF1).toEqual({ mean: 0.5, low: -1, high: 1 });
  });

  it("is wider by entity than by environment when entities stand or fall together", () => {
    const solved = Array.from({ length: 40 }, (_, i) => (Math.floor(i / 10) % 2 === 0 ? 1 : 0));
    const width = (entityOf: (i: number) => string) => {
      const before = solved.map((_, i) => outcome(i, entityOf(i), 0));
      const after = solved.map((value, i) => outcome(i, entityOf(i), value));
      const { low, high } = pairedDifferences(before, after, 7).solveF1;
      return high - low;
    };
    // Of 40 environments, +-1.96 sqrt(0.25 / 40) is 0.31 wide; of 4 entities the percentiles reach 0 and 1.
    expect(width((i) => `${i}`)).toBeCloseTo(0.3, 1);
    expect(width((i) => `${Math.floor(i / 10)}`)).toBe(1);
  });

  it("covers the true difference in about 95 of 100 trials", () => {
    let covered = 0;
    for (let trial = 0; trial < 100; trial++) {
      const random = seededRandom(trial);
      const after = Array.from({ length: 60 }, (_, i) => outcome(i, `e${i}`, random.integer(2)));
      const before = after.map((_, i) => outcome(i, `e${i}`, 0));
      const { low, high } = pairedDifferences(before, after, trial).solveF1;
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(88);
  });

  it("refuses evaluations of different environments", () => {
    expect(() => pairedDifferences([outcome(0, "a", 0)], [outcome(1, "a", 0)], 1)).toThrow(
      "evaluations of 1 and 1 environments cannot be paired (env-1 is in one only); evaluate both policies on the same, non-empty set",
    );
    expect(() => pairedDifferences([], [], 1)).toThrow("cannot be paired");
  });
});

describe("evaluations side by side", () => {
  it("compare each with the first and with the one before it", () => {
    const evaluation = (stage: string, solved: number[]) => ({
      stage,
      title: stage,
      environments: solved.map((value, i) => outcome(i, "a", value)),
    });
    const rows = compareEvaluations(
      [evaluation("before", [0, 0]), evaluation("cold start", [1, 0]), evaluation("RL", [1, 1])],
      3,
    );
    expect(
      rows.map((row) => [
        row.title,
        row.means.solveF1,
        row.overFirst?.solveF1.mean,
        row.overPrevious?.solveF1.mean,
      ]),
    ).toEqual([
      ["before", 0, undefined, undefined],
      ["cold start", 0.5, 0.5, 0.5],
      ["RL", 1, 1, 0.5],
    ]);
  });
});
