import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineChart, niceTicks } from "./chart.ts";
import { documentText } from "./html.ts";

describe("the ticks of an axis", () => {
  it.each([
    [
      [0.1, 0.9],
      [0, 0.5, 1],
    ],
    [
      [0.42, 0.61],
      [0.4, 0.45, 0.5, 0.55, 0.6, 0.65],
    ],
    [
      [-0.01, 0.009],
      [-0.01, -0.005, 0, 0.005, 0.01],
    ],
    [
      [3, 3 + 1e-15],
      [1, 2, 3, 4, 5],
    ],
    [
      [3, 3],
      [1, 2, 3, 4, 5],
    ],
    [
      [0, 0],
      [0, 0.5, 1],
    ],
    [
      [25, 39],
      [0, 10, 20, 30, 40],
    ],
  ])("of %j are %j", (values, ticks) => {
    expect(niceTicks(values)).toEqual(ticks);
  });

  it("of more values than a call takes arguments are found too", () => {
    expect(niceTicks(Array.from({ length: 300_000 }, (_, i) => i))).toEqual([0, 1e5, 2e5, 3e5]);
  });

  it("span any data, in ascending order, at most seven of them", () => {
    const value = fc
      .double({ min: -1e9, max: 1e9, noNaN: true })
      .filter((x) => x === 0 || Math.abs(x) > 1e-6);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const ticks = niceTicks(values);
        const slack = 1e-9 * Math.max(...values.map(Math.abs));
        expect(ticks[0]).toBeLessThanOrEqual(Math.min(...values) + slack);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(Math.max(...values) - slack);
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

describe("a line chart", () => {
  const chart = (values: number[]) =>
    documentText(
      lineChart({
        title: "Reward",
        unit: "mean",
        series: [{ name: "reward", points: values.map((value, i) => ({ iteration: i + 1, value })) }],
      }),
    );

  it("is drawn from left to right, and says in words what it shows", () => {
    const drawn = chart([0, 1]);
    expect(drawn).toContain('aria-label="Reward: reward from 0 at iteration 1 to 1 at iteration 2"');
    expect(drawn).toContain('<path d="M46.0 144.0L306.0 12.0"/>');
  });

  it("shows a single iteration as a point in the middle", () => {
    expect(chart([0.5])).toContain('<circle cx="176.0"');
  });
});
