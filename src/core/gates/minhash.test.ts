import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBands, shingles, signatureOf, similarity } from "./minhash.ts";

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `member ${from + i}`);

describe("similarity", () => {
  it("is 1 of a set with itself, in any order and however often its members are named", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (members) => {
        const again = [...members].reverse();
        expect(similarity(signatureOf(members), signatureOf([...again, ...members]))).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [0, 400, 800, 1200, 0],
    [0, 900, 300, 1200, 0.5],
    [0, 1000, 111, 1111, 0.8],
  ])("of %i to %i and %i to %i is about %d", (a, b, c, d, expected) => {
    const estimated = similarity(signatureOf(numbered(a, b)), signatureOf(numbered(c, d)));
    // Three standard errors of 128 permutations.
    expect(Math.abs(estimated - expected)).toBeLessThanOrEqual(0.13);
  });
});

describe("bands", () => {
  it("find what is alike, in the order of adding, and not what has nothing in common", () => {
    const bands = createBands<string>(4);
    bands.add(signatureOf(numbered(0, 100)), "same");
    bands.add(signatureOf(numbered(1000, 1100)), "other");
    bands.add(signatureOf(numbered(5, 105)), "near");
    expect(bands.near(signatureOf(numbered(0, 100)))).toEqual(["same", "near"]);
  });

  it("miss nothing at the limit: 1,000 pairs of similarity 0.7", () => {
    const missed = Array.from({ length: 1000 }, (_, i) => {
      const bands = createBands<number>(4);
      bands.add(signatureOf(numbered(i * 100, i * 100 + 17)), i);
      return bands.near(signatureOf(numbered(i * 100 + 3, i * 100 + 20))).length === 0;
    }).filter(Boolean).length;
    expect(missed).toBeLessThanOrEqual(3);
  });
});

describe("shingles", () => {
  it("are runs of pieces, or the whole where it is short", () => {
    expect(shingles(["a", "b", "c", "d"], 3)).toEqual(["a b c", "b c d"]);
    expect(shingles(["a", "b"], 3)).toEqual(["a b"]);
  });
});
