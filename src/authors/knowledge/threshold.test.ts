import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.ts";
import { thresholdFor } from "./threshold.ts";

describe("thresholdFor", () => {
  it("takes the roundest number it finds between two neighbours", () => {
    expect(thresholdFor([1_900_000, 4_100_000], seededRandom(1))).toBe(3_000_000);
    expect(thresholdFor([118, 131], seededRandom(1))).toBe(120);
    expect(thresholdFor([1_000_001, 1_000_002], seededRandom(1))).toBeUndefined();
    expect(thresholdFor([7, 7], seededRandom(1))).toBeUndefined();
  });

  it("divides the values: some above, some below, none on it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9_999, max: 99_999 }), { minLength: 2 }),
        fc.nat(),
        (values, seed) => {
          const threshold = thresholdFor(values, seededRandom(seed));
          if (threshold === undefined) return;
          const above = values.filter((value) => value > threshold).length;
          const below = values.filter((value) => value < threshold).length;
          expect(above).toBeGreaterThan(0);
          expect(below).toBeGreaterThan(0);
          expect(above + below).toBe(values.length);
        },
      ),
    );
  });
});
