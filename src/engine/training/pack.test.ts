import { describe, expect, it } from "vitest";
import type { TrainingRow } from "../../core/ports/policy.ts";
import { packRows } from "./pack.ts";

function row(prompt: readonly number[], response: readonly number[], mask?: readonly (0 | 1)[]): TrainingRow {
  return { prompt, response, mask: mask ?? response.map(() => 1), advantages: response.map(() => 1) };
}

describe("packing", () => {
  it("computes what the samples of a prompt share once, and predicts each response from it", () => {
    const [pack] = packRows([row([1, 2], [3, 4, 5]), row([1, 2], [3, 6])], 100);
    expect(pack).toEqual({
      tokens: [1, 2, 3, 4],
      parents: [-1, 0, 1, 2],
      positions: [0, 1, 2, 3],
      // 3 after 2 is wanted by both rows; 5 and 6 are predicted and never computed.
      targets: [
        { node: 1, token: 3 },
        { node: 2, token: 4 },
        { node: 3, token: 5 },
        { node: 2, token: 6 },
      ],
      entries: [
        { row: 0, index: 0, target: 0 },
        { row: 0, index: 1, target: 1 },
        { row: 0, index: 2, target: 2 },
        { row: 1, index: 0, target: 0 },
        { row: 1, index: 1, target: 3 },
      ],
    });
  });

  it("starts the positions of a branch where its trunk ends", () => {
    const [pack] = packRows([row([1, 2], [3, 4]), row([1, 2], [5, 6])], 100);
    expect(pack!.tokens).toEqual([1, 2, 3, 5]);
    expect(pack!.parents).toEqual([-1, 0, 1, 1]);
    expect(pack!.positions).toEqual([0, 1, 2, 2]);
  });

  it("shares the turns of a trajectory among its prefixes", () => {
    const first = row([1, 2], [3, 4]);
    const second = row([1, 2, 3, 4, 5], [6, 7]);
    const [pack] = packRows([first, second], 100);
    expect(pack!.tokens).toEqual([1, 2, 3, 4, 5, 6]);
    expect(pack!.entries.map(({ target }) => pack!.targets[target]!.token)).toEqual([3, 4, 6, 7]);
  });

  it("trains on unmasked tokens only and computes nothing after the last one", () => {
    const [pack] = packRows([row([1], [2, 3, 4, 5, 6], [1, 0, 1, 0, 0])], 100);
    expect(pack!.tokens).toEqual([1, 2, 3]);
    expect(pack!.entries.map(({ index }) => index)).toEqual([0, 2]);
  });

  it("splits a tree over the budget between rows and computes the trunk again", () => {
    const rows = [row([1, 2], [3, 4]), row([1, 2], [5, 6]), row([1, 2], [7, 8])];
    const packs = packRows(rows, 4);
    expect(packs.map(({ tokens }) => tokens)).toEqual([
      [1, 2, 3, 5],
      [1, 2, 7],
    ]);
    expect(packs.map(({ entries }) => entries.map((entry) => entry.row))).toEqual([
      [0, 0, 1, 1],
      [2, 2],
    ]);
  });

  it("gives a row over the budget a pack of its own", () => {
    const rows = [row([1], [2, 3]), row([4, 5, 6, 7], [8, 9]), row([1], [2, 3])];
    expect(packRows(rows, 3).map(({ tokens }) => tokens.length)).toEqual([2, 5, 2]);
  });

  it("leaves out rows with nothing to train on", () => {
    expect(packRows([row([1, 2], [3], [0]), row([1, 2], [])], 100)).toEqual([]);
  });
});
