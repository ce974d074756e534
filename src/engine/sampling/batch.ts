/**
 * Which samples step together, and in which slots their keys and values lie. All of it follows from the requests, the
 * limits and which samples have ended: never from time, a cache or a completion order.
 */

import type { SampleRequest } from "../../core/ports/policy.ts";
import { type Random, seededRandom } from "../../core/random.ts";

/** A request with samples under way; its slot is its index in `Batch.groups`. */
export interface Group {
  readonly request: number;
  /** Prompt tokens whose keys and values are stored: all but the last, which the samples' first step feeds. */
  readonly stored: number;
}

/** A sample under way; its slot is its index in `Batch.rows`. */
export interface Row {
  readonly group: Group;
  readonly sample: number;
  readonly random: Random;
  /** What the next step feeds. */
  next: number;
  /** Tokens fed so far, which is also how many own keys and values are stored. */
  fed: number;
  readonly tokens: number[];
  readonly logprobs: number[];
}

export interface Batch {
  readonly groups: Group[];
  readonly rows: Row[];
}

/** Samples that still wait, in request order. */
export interface Queue {
  request: number;
  sample: number;
}

/**
 * The next waiting sample enters as the last row; `opened` says that its request's prompt must be stored as the last
 * group. Undefined where nothing waits, or no row or group is free.
 */
export function admit(
  batch: Batch,
  queue: Queue,
  requests: readonly SampleRequest[],
  limits: { readonly rows: number; readonly groups: number },
): { readonly row: Row; readonly opened: boolean } | undefined {
  while (queue.request < requests.length && queue.sample >= requests[queue.request]!.seeds.length) {
    queue.request++;
    queue.sample = 0;
  }
  const request = requests[queue.request];
  if (request === undefined || batch.rows.length >= limits.rows) return undefined;
  const known = batch.groups.find((group) => group.request === queue.request);
  if (known === undefined && batch.groups.length >= limits.groups) return undefined;
  const group = known ?? { request: queue.request, stored: request.prompt.length - 1 };
  if (known === undefined) batch.groups.push(group);
  const row: Row = {
    group,
    sample: queue.sample,
    random: seededRandom(request.seeds[queue.sample]!),
    next: request.prompt.at(-1)!,
    fed: 0,
    tokens: [],
    logprobs: [],
  };
  batch.rows.push(row);
  queue.sample++;
  return { row, opened: known === undefined };
}

/** Takes out what lies at `slot`; the last takes its place, and `move` tells so to whoever stores things by slot. */
export function vacate<T>(slots: T[], slot: number, move: (from: number, to: number) => void): void {
  const last = slots.pop()!;
  if (slot === slots.length) return;
  slots[slot] = last;
  move(slots.length, slot);
}

export interface Folds {
  /** Rows of the largest group, S. */
  readonly groupRows: number;
  /** [G * kvHeads * S]: which (row, head) stands at each (group, head, place); smaller groups repeat their first. */
  readonly toGroups: BigInt64Array;
  /** [B * kvHeads]: at which (group, head, place) each (row, head) stands. */
  readonly toRows: BigInt64Array;
}

/** How the rows of a batch are laid out group by group for the products with the prompts, and back. */
export function foldGroups({ groups, rows }: Batch, kvHeads: number): Folds {
  const members = new Map(groups.map((group): [Group, number[]] => [group, []]));
  for (const [slot, { group }] of rows.entries()) members.get(group)!.push(slot);
  const groupRows = Math.max(...[...members.values()].map(({ length }) => length));
  const toGroups = new BigInt64Array(groups.length * kvHeads * groupRows);
  const toRows = new BigInt64Array(rows.length * kvHeads);
  for (const [index, group] of groups.entries()) {
    const slots = members.get(group)!;
    for (let head = 0; head < kvHeads; head++) {
      const start = (index * kvHeads + head) * groupRows;
      for (let place = 0; place < groupRows; place++) {
        const slot = slots[place] ?? slots[0]!;
        toGroups[start + place] = BigInt(slot * kvHeads + head);
        if (place < slots.length) toRows[slot * kvHeads + head] = BigInt(start + place);
      }
    }
  }
  return { groupRows, toGroups, toRows };
}
