import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type Batch, foldGroups, part, vacate } from "./batch.ts";

const requests = [
  { prompt: [1, 2, 3], seeds: [10, 11] },
  { prompt: [4], seeds: [] },
  { prompt: [5, 6], seeds: [12] },
];
const fill = (limits: { samples: number; groups: number }) => {
  const batch: Batch = { groups: [], rows: [] };
  const queue = { request: 0, sample: 0 };
  const opened: (number | undefined)[] = [];
  for (let next = admit(batch, queue, requests, limits); next; next = admit(batch, queue, requests, limits))
    opened.push(next.opened);
  return { batch, queue, opened };
};
const names = ({ rows }: Batch) =>
  rows.map(({ group, samples }) => samples.map(({ index }) => `${group.request}.${index}`).join(" "));

describe("admit", () => {
  it("lets samples in in request order, those of a group in one row, and says which prompt to store", () => {
    const { batch, opened } = fill({ samples: 9, groups: 9 });
    expect(names(batch)).toEqual(["0.0 0.1", "2.0"]);
    expect(opened).toEqual([0, undefined, 2]);
    expect(batch.groups).toEqual([
      { request: 0, stored: 2 },
      { request: 2, stored: 1 },
    ]);
    expect(batch.rows.map(({ next }) => next)).toEqual([3, 6]);
  });

  it("stops at the limit of samples and at the limit of groups", () => {
    expect(names(fill({ samples: 1, groups: 9 }).batch)).toEqual(["0.0"]);
    expect(names(fill({ samples: 9, groups: 1 }).batch)).toEqual(["0.0 0.1"]);
  });

  it("gives a sample that comes late a row of its own, from the prompt on", () => {
    const { batch, queue } = fill({ samples: 1, groups: 9 });
    part(batch.rows, 0, [{ token: 8, logprob: -1 }], () => {});
    expect(admit(batch, queue, requests, { samples: 2, groups: 9 })).toEqual({ opened: undefined });
    expect(names(batch)).toEqual(["0.0", "0.1"]);
    expect(batch.rows.map(({ tokens }) => tokens)).toEqual([[8], []]);
  });

  it("opens a group again whose samples waited while its others ended", () => {
    const { batch, queue } = fill({ samples: 1, groups: 9 });
    vacate(batch.rows, 0, () => {});
    vacate(batch.groups, 0, () => {});
    expect(admit(batch, queue, requests, { samples: 1, groups: 9 })).toEqual({ opened: 0 });
    expect(names(batch)).toEqual(["0.1"]);
  });
});

describe("part", () => {
  const parted = (tokens: readonly number[]) => {
    const wanted = [{ prompt: [1], seeds: tokens.map((_, i) => i) }];
    const batch: Batch = { groups: [], rows: [] };
    const queue = { request: 0, sample: 0 };
    while (admit(batch, queue, wanted, { samples: 9, groups: 9 }) !== undefined);
    const copies: string[] = [];
    const drawn = tokens.map((token) => ({ token, logprob: -token }));
    part(batch.rows, 0, drawn, (from, to) => copies.push(`${from}>${to}`));
    return { batch, copies };
  };

  it("keeps samples that drew the same token in one row", () => {
    const { batch, copies } = parted([5, 5, 5]);
    expect(names(batch)).toEqual(["0.0 0.1 0.2"]);
    expect(copies).toEqual([]);
    expect(batch.rows[0]).toMatchObject({ next: 5, tokens: [5], logprobs: [-5] });
  });

  it("gives each other token a row at the end, with what was said before", () => {
    const { batch, copies } = parted([5, 7, 5, 6, 7]);
    expect(names(batch)).toEqual(["0.0 0.2", "0.1 0.4", "0.3"]);
    expect(batch.rows.map(({ next, logprobs }) => [next, logprobs])).toEqual([
      [5, [-5]],
      [7, [-7]],
      [6, [-6]],
    ]);
    expect(copies).toEqual(["0>1", "0>2"]);
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
    const row = { samples: [], next: 0, fed: 0, tokens: [], logprobs: [] };
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
