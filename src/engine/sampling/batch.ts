/**
 * Which samples step together, which of them still share a row, and in which slots their keys and values lie. All of it follows from the requests, the
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

/** A sample under way: which of its request's, and its own stream of draws. */
export interface Sample {
  readonly index: number;
  readonly random: Random;
}

/** Samples of a group that have said the same so far, computed once; its slot is its index in `Batch.rows`. */
export interface Row {
  readonly group: Group;
  /** At least one, in the order of their indices. */
  readonly samples: readonly Sample[];
  /** What the next step feeds. */
  readonly next: number;
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
 * The next waiting sample enters: in a row of its group that has said nothing yet, or as the last row. `opened` is the
 * request whose prompt must be stored as the last group. Undefined where nothing waits, or no sample or group is free:
 * every sample may need a row of its own before it ends, so it is samples that are limited.
 */
export function admit(
  batch: Batch,
  queue: Queue,
  requests: readonly SampleRequest[],
  limits: { readonly samples: number; readonly groups: number },
): { readonly opened: number | undefined } | undefined {
  while (queue.request < requests.length && queue.sample >= requests[queue.request]!.seeds.length) {
    queue.request++;
    queue.sample = 0;
  }
  const request = requests[queue.request];
  if (request === undefined || samplesOf(batch) >= limits.samples) return undefined;
  const known = batch.groups.find((group) => group.request === queue.request);
  if (known === undefined && batch.groups.length >= limits.groups) return undefined;
  const group = known ?? { request: queue.request, stored: request.prompt.length - 1 };
  if (known === undefined) batch.groups.push(group);
  const sample = { index: queue.sample, random: seededRandom(request.seeds[queue.sample]!) };
  const silent = batch.rows.findIndex((row) => row.group === group && row.tokens.length === 0);
  if (silent >= 0) {
    const row = batch.rows[silent]!;
    batch.rows[silent] = { ...row, samples: [...row.samples, sample] };
  } else {
    const next = request.prompt.at(-1)!;
    batch.rows.push({ group, samples: [sample], next, fed: 0, tokens: [], logprobs: [] });
  }
  queue.sample++;
  return { opened: known === undefined ? queue.request : undefined };
}

export const samplesOf = ({ rows }: Batch) => rows.reduce((sum, { samples }) => sum + samples.length, 0);

/**
 * The row's samples, by the token each drew: those that drew what the first did stay, and each other token's become a
 * row at the end. `copy` tells so to whoever stores things by slot.
 */
export function part(
  rows: Row[],
  slot: number,
  drawn: readonly { readonly token: number; readonly logprob: number }[],
  copy: (from: number, to: number) => void,
): void {
  const row = rows[slot]!;
  const byToken = new Map<number, Sample[]>();
  for (const [i, { token }] of drawn.entries())
    byToken.set(token, [...(byToken.get(token) ?? []), row.samples[i]!]);
  let target = slot;
  for (const [token, samples] of byToken) {
    const { logprob } = drawn.find((draw) => draw.token === token)!;
    rows[target] = {
      ...row,
      samples,
      next: token,
      tokens: [...row.tokens, token],
      logprobs: [...row.logprobs, logprob],
    };
    if (target !== slot) copy(slot, target);
    target = rows.length;
  }
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
