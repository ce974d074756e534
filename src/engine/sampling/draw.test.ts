import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawToken, likeliest } from "./draw.ts";

const row = (...values: number[]) => Float32Array.from(values);

describe("likeliest", () => {
  it("is the id of the largest value, the lowest id on a tie", () => {
    expect(likeliest(row(-3, -1, -2))).toBe(1);
    expect(likeliest(row(-3, -1, -1))).toBe(1);
    expect(likeliest(row(0))).toBe(0);
  });
});

describe("drawToken", () => {
  const chances = row(0.125, 0.5, 0.125, 0.25);

  it("walks the distribution in the order of ids", () => {
    const uniforms = [0, 0.124, 0.125, 0.624, 0.625, 0.749, 0.75, 0.999];
    expect(uniforms.map((uniform) => drawToken(chances, 1, uniform))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it("walks the nucleus from the likeliest on, where topP is below 1", () => {
    const uniforms = [0, 0.66, 0.67, 0.999];
    expect(uniforms.map((uniform) => drawToken(chances, 0.75, uniform))).toEqual([1, 1, 3, 3]);
    expect(uniforms.map((uniform) => drawToken(chances, 0.76, uniform))).toEqual([1, 3, 3, 0]);
  });

  it("keeps the likeliest token alone where topP is tiny", () => {
    expect(drawToken(chances, 1e-9, 0.999)).toBe(1);
  });

  it("never draws what has no chance, wherever the sum is rounded to", () => {
    const any = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 });
    const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(any, uniform, fc.constantFrom(1, 0.9, 0.1), (values, at, topP) => {
        const mass = values.reduce((sum, value) => sum + value, 0);
        fc.pre(mass > 0);
        const normalized = Float32Array.from(values, (value) => value / mass);
        expect(normalized[drawToken(normalized, topP, at)]).toBeGreaterThan(0);
      }),
    );
  });
});
