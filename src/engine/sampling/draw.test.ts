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
    expect(uniforms.map((uniform) => drawToken(chances, { topP: 1 }, uniform))).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3,
    ]);
  });

  it("walks the nucleus from the likeliest on, where topP is below 1", () => {
    const uniforms = [0, 0.66, 0.67, 0.999];
    expect(uniforms.map((uniform) => drawToken(chances, { topP: 0.75 }, uniform))).toEqual([1, 1, 3, 3]);
    expect(uniforms.map((uniform) => drawToken(chances, { topP: 0.76 }, uniform))).toEqual([1, 3, 3, 0]);
  });

  it("keeps the likeliest token alone where topP is tiny", () => {
    expect(drawToken(chances, { topP: 1e-9 }, 0.999)).toBe(1);
  });

  it("draws among the topK likeliest only, the lowest ids on a tie, and cuts the nucleus of what they hold", () => {
    const uniforms = [0, 0.57, 0.58, 0.85, 0.86, 0.999];
    const top = (topK: number, topP: number) =>
      uniforms.map((uniform) => drawToken(chances, { topK, topP }, uniform));
    expect(top(1, 1)).toEqual([1, 1, 1, 1, 1, 1]);
    // Of 0.875: token 1 holds 0.571, token 3 0.286 and token 0, not its equal 2, the rest.
    expect(top(3, 1)).toEqual([1, 1, 3, 3, 0, 0]);
    expect(top(9, 1)).toEqual([1, 3, 3, 0, 0, 2]);
    // 0.8 of the three's 0.875 is 0.7, which two of them hold; 0.8 of the whole takes all three.
    expect(top(3, 0.8)).toEqual([1, 1, 1, 3, 3, 3]);
  });

  it("never draws what has no chance, wherever the sum is rounded to", () => {
    const any = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 });
    const cuts = [{ topP: 1 }, { topP: 0.9 }, { topP: 0.1 }, { topP: 1, topK: 3 }, { topP: 0.5, topK: 60 }];
    const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(any, uniform, fc.constantFrom(...cuts), (values, at, cut) => {
        const mass = values.reduce((sum, value) => sum + value, 0);
        fc.pre(mass > 0);
        const normalized = Float32Array.from(values, (value) => value / mass);
        expect(normalized[drawToken(normalized, cut, at)]).toBeGreaterThan(0);
      }),
    );
  });
});
