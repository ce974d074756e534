import { describe, expect, it } from "vitest";
import { afterRound, firstProposals, isExhausted, type Proposals, planRound } from "./batches.ts";

const drawnOf = (proposals: Proposals) => {
  const drawn: Record<string, number> = {};
  for (const { scenarios } of planRound(proposals))
    for (const [type, count] of Object.entries(scenarios)) drawn[type] = (drawn[type] ?? 0) + count;
  return drawn;
};

describe("the first round of a set", () => {
  it("is of whole batches, but the last, and holds a spare candidate in seven", () => {
    expect(planRound(firstProposals({ single_hop: 30, multi_hop: 30, parallel_single_hop: 0 }))).toEqual([
      { from: 0, count: 32, scenarios: { single_hop: 16, multi_hop: 16 } },
      { from: 32, count: 32, scenarios: { single_hop: 16, multi_hop: 16 } },
      { from: 64, count: 6, scenarios: { single_hop: 3, multi_hop: 3 } },
    ]);
  });

  it("of a large set is of 4,096 candidates, of each type its share", () => {
    const batches = planRound(firstProposals({ single_hop: 15_000, multi_hop: 5_000 }));
    expect(batches).toHaveLength(128);
    expect(batches[127]).toEqual({ from: 4_064, count: 32, scenarios: { single_hop: 24, multi_hop: 8 } });
  });
});

describe("a later round", () => {
  const wanted = { single_hop: 1_000, multi_hop: 1_000 };
  const first = firstProposals(wanted);
  const round = planRound(first);

  it("draws only what is missing, by the yield of the round before, and goes on after it", () => {
    // 1,150 were drawn of each; of these 460 single-hop questions were accepted.
    const second = afterRound(first, round, { single_hop: 540, multi_hop: 0 });
    expect(second).toEqual({
      proposed: 2_300,
      missing: { single_hop: 540 },
      yields: { single_hop: { share: 0.4, barren: 0 } },
    });
    expect(drawnOf(second)).toEqual({ single_hop: 1_553 });
    expect(planRound(second)[0]!.from).toBe(2_300);
  });

  it("is none where nothing is missing", () => {
    expect(planRound(afterRound(first, round, { single_hop: 0, multi_hop: 0 }))).toEqual([]);
  });

  it("draws at least 8 of a type, and four times as many after each round that added none", () => {
    const rounds = [
      { share: 0.9, barren: 0 },
      { share: 0.9, barren: 1 },
      { share: 0.9, barren: 2 },
    ];
    const drawn = rounds.map((known) =>
      drawnOf({ proposed: 10, missing: { multi_hop: 2 }, yields: { multi_hop: known } }),
    );
    expect(drawn).toEqual([{ multi_hop: 8 }, { multi_hop: 32 }, { multi_hop: 128 }]);
  });
});

describe("a set", () => {
  it("is given up when three rounds in a row add nothing of a type, however well another goes", () => {
    const wanted = { single_hop: 900, multi_hop: 900 };
    let proposals = firstProposals(wanted);
    const given = [];
    for (const left of [600, 300, 100]) {
      proposals = afterRound(proposals, planRound(proposals), { single_hop: 900, multi_hop: left });
      given.push(isExhausted(proposals, wanted));
    }
    expect(given).toEqual([false, false, true]);
  });

  it("is given up after 20 candidates for each environment, and a round", () => {
    const yields = { single_hop: { share: 0.01, barren: 0 } };
    const at = (proposed: number) =>
      isExhausted({ proposed, missing: { single_hop: 50 }, yields }, { single_hop: 100 });
    expect([at(6_095), at(6_096)]).toEqual([false, true]);
  });
});
