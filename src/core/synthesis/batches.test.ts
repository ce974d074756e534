import { describe, expect, it } from "vitest";
import { planBatches } from "./batches.ts";

describe("the batches of a set", () => {
  it("are whole, but the last, and hold a spare candidate in seven", () => {
    const wanted = { single_hop: 30, multi_hop: 30 };
    expect(planBatches(wanted, wanted, 0)).toEqual([
      { from: 0, count: 32 },
      { from: 32, count: 32 },
      { from: 64, count: 5 },
    ]);
  });

  it("go on after what was proposed, by what is scarcest", () => {
    const wanted = { single_hop: 10, multi_hop: 10 };
    expect(planBatches(wanted, { single_hop: 0, multi_hop: 2 }, 69)).toEqual([{ from: 69, count: 5 }]);
  });

  it("are none where nothing is missing", () => {
    expect(planBatches({ single_hop: 10 }, { single_hop: 0 }, 12)).toEqual([]);
  });
});
