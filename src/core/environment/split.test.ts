import { describe, expect, it } from "vitest";
import { splitOf } from "./split.ts";

describe("splitOf", () => {
  it("never moves an entity: these are its answers for ever", () => {
    expect(["country:FR", "country:JP", "country:DE", "element:Fe"].map(splitOf)).toEqual([
      "validation",
      "validation",
      "train",
      "test",
    ]);
  });

  it("gives about 60, 20 and 20 % of the clusters to train, validation and test", () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let i = 0; i < 10_000; i++) counts[splitOf(`cluster:${i}`)]++;
    expect(counts.train).toBeGreaterThan(5_800);
    expect(counts.train).toBeLessThan(6_200);
    expect(counts.validation).toBeGreaterThan(1_800);
    expect(counts.test).toBeGreaterThan(1_800);
  });
});
