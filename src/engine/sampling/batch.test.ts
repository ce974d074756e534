import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type Batch, foldGroups, vacate } from "./batch.ts";

const requests = [
  { prompt: [1, 2, 3], seeds: [10, 11] },
  { prompt: [4], seeds: [] },
  { prompt: [5, 6], seeds: [12] },
];
const fill = (limits: { rows: number; groups: number }) => {
  const batch: Batch = { groups: [], rows: [] };
  const queue = { request: 0, sample: 0 };
  const opened: boolean[] = [];
  for (let next = admit(batch, queue, requests, limits); next; next = admit(batch, queue, requests, limits))
    opened.push(next.opened);
  return { batch, queue, opened };
};
const names = ({ rows }: Batch) => rows.map(({ group, sample }) => `${group.request}.${sample}`);

describe("admit", () => {
  it("lets samples in in request order, and says when a prompt must be stored", () => {
    const { batch, opened } = fill({ rows: 9, groups: 9 });
    expect(names(batch)).toEqual(["0.0", "0.1", "2.0"]);
    expect(opened).toEqual([true, false, true]);
    expect(batch.groups).toEqual([
      { request: 0, stored: 2 },
      { request: 2, stored: 1 },
    ]);
    expect(batch.rows.map(({ next }) => next)).toEqual([3, 3, 6]);
  });

  it("stops at the limit of rows and at the limit of groups", () => {
    expect(names(fill({ rows: 1, groups: 9 }).batch)).toEqual(["0.0"]);
    expect(names(fill({ rows: 9, groups: 1 }).batch)).toEqual(["0.0", "0.1"]);
  });

  it("opens a group again whose samples waited while its others ended", () => {
    const { batch, queue } = fill({ rows: 1, groups: 9 });
    vacate(batch.rows, 0, () => {});
    vacate(batch.groups, 0, () => {});
    const again = admit(batch, queue, requests, { rows: 1, groups: 9 });
    expect(again?.opened).toBe(true);
    expect(names(batch)).toEqual(["0.1"]);
  });
});

describe("vacate", () => {
  const vacated = (slot: number) => {
    const slots = ["a", "b", "c"];
    const moves: string[] = [];
    vacate(slots, slot, (from, to) => moves.push(`${from}>${to}`));
    return [slots.join(""), ...moves];
  };

  it("moves the last into the free slot, and nothing where the last itself leaves", () => {
    expect(vacated(0)).toEqual(["cb", "2>0"]);
    expect(vacated(2)).toEqual(["ab"]);
  });
});

describe("foldGroups", () => {
  const batchOf = (owners: readonly number[]): Batch => {
    const groups = [...new Set(owners)].map((request) => ({ request, stored: 1 }));
    const row = { sample: 0, random: { next: () => 0 }, next: 0, fed: 0, tokens: [], logprobs: [] };
    const rows = owners.map((owner) => ({ ...row, group: groups.find(({ request }) => request === owner)! }));
    return { groups, rows } as unknown as Batch;
  };

  it("lays rows out by group and head, a smaller group repeating its first row", () => {
    const folds = foldGroups(batchOf([0, 1, 0]), 2);
    expect(folds.groupRows).toBe(2);
    expect([...folds.toGroups].map(Number)).toEqual([0, 4, 1, 5, 2, 2, 3, 3]);
    expect([...folds.toRows].map(Number)).toEqual([0, 2, 4, 6, 1, 3]);
  });

  it("leads every row and head back to itself", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        (owners, heads) => {
          const { toGroups, toRows } = foldGroups(batchOf(owners), heads);
          expect([...toRows].map((place) => Number(toGroups[Number(place)]))).toEqual(
            Array.from({ length: owners.length * heads }, (_, i) => i),
          );
        },
      ),
    );
  });
});
