/**
 * Which candidates to propose next: a round of whole batches, of the scenario types that a set still misses, as many as
 * the last round's yield lets expect. Indices go on where they stopped, and none is proposed twice.
 */
import type { ScenarioType } from "../environment/environment.ts";

export type ScenarioCounts = Readonly<Partial<Record<ScenarioType, number>>>;

export interface Batch {
  /** Index of the first candidate. */
  readonly from: number;
  readonly count: number;
  /** How many of each scenario type; `count` in all. */
  readonly scenarios: ScenarioCounts;
}

/** How a set's proposals have gone so far. */
export interface Proposals {
  readonly proposed: number;
  /** Environments of each type still wanted; types that are complete are left out. */
  readonly missing: ScenarioCounts;
  /** Of missing types, once one was proposed. */
  readonly yields: Readonly<Partial<Record<ScenarioType, Yield>>>;
}

interface Yield {
  /** Accepted of the last round's candidates, 0 to 1. */
  readonly share: number;
  /** Rounds in a row that added none. */
  readonly barren: number;
}

/** Candidates of one batch: one sandbox child checks them all. */
const batchSize = 32;
/** Batches of one round: what is accepted is settled, and the yield looked at, after some 4,000 candidates. */
const batchesPerRound = 128;
/** Asked for beyond what is expected to be enough, since a yield is only estimated. */
const spare = 1.15;
/** What a lower yield counts as: at most 20 candidates are proposed for each environment that is missing. */
const leastYield = 0.05;
/** Candidates of a missing type in the second round; four times as many after each round that added none. */
const leastDraws = 8;
/** Rounds in a row, the last of 128 candidates or more, after which a type is given up. */
const mostBarren = 3;
/** Candidates proposed for each environment wanted, beside one round, before a set is given up. */
const mostPerWanted = 20;

const countOf = (counts: ScenarioCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** By name, whatever order a database gave them. */
const typesOf = (counts: ScenarioCounts) =>
  (Object.entries(counts) as [ScenarioType, number][])
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));

const positive = (counts: ScenarioCounts): ScenarioCounts => Object.fromEntries(typesOf(counts));

export const firstProposals = (wanted: ScenarioCounts): Proposals => ({
  proposed: 0,
  missing: positive(wanted),
  yields: {},
});

/** None where nothing is missing. */
export function planRound({ proposed, missing, yields }: Proposals): Batch[] {
  const draws = new Map<ScenarioType, number>();
  for (const [type, count] of typesOf(missing)) {
    const known = yields[type];
    const expected = Math.ceil((count * spare) / Math.max(known?.share ?? 1, leastYield));
    const least = known === undefined ? 0 : leastDraws * 4 ** known.barren;
    draws.set(type, Math.max(expected, least));
  }
  const wished = [...draws.values()].reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, (batchSize * batchesPerRound) / Math.max(1, wished));
  const cycle = spread(new Map([...draws].map(([type, count]) => [type, Math.ceil(count * share)])));
  const batches: Batch[] = [];
  for (let at = 0; at < cycle.length && batches.length < batchesPerRound; at += batchSize) {
    const types = cycle.slice(at, at + batchSize);
    const scenarios: Partial<Record<ScenarioType, number>> = {};
    for (const type of types) scenarios[type] = (scenarios[type] ?? 0) + 1;
    batches.push({ from: proposed + at, count: types.length, scenarios });
  }
  return batches;
}

/** All draws in a row, each type spread evenly: a round that is cut off still has its share of each. */
function spread(draws: ReadonlyMap<ScenarioType, number>): ScenarioType[] {
  return [...draws]
    .flatMap(([type, count]) => Array.from({ length: count }, (_, i) => ({ type, place: (i + 0.5) / count })))
    .sort((a, b) => a.place - b.place)
    .map(({ type }) => type);
}

/** `missing` is what the round left. */
export function afterRound(before: Proposals, round: readonly Batch[], missing: ScenarioCounts): Proposals {
  const yields: Partial<Record<ScenarioType, Yield>> = {};
  for (const [type, left] of typesOf(missing)) {
    const drawn = round.reduce((sum, { scenarios }) => sum + (scenarios[type] ?? 0), 0);
    const accepted = before.missing[type]! - left;
    const barren = accepted > 0 ? 0 : (before.yields[type]?.barren ?? 0) + 1;
    yields[type] = { share: drawn > 0 ? accepted / drawn : 0, barren };
  }
  const proposed = before.proposed + round.reduce((sum, { count }) => sum + count, 0);
  return { proposed, missing: positive(missing), yields };
}

/** Whether nothing lets expect that what is missing will be found. */
export function isExhausted({ proposed, yields }: Proposals, wanted: ScenarioCounts): boolean {
  return (
    Object.values(yields).some(({ barren }) => barren >= mostBarren) ||
    proposed >= mostPerWanted * countOf(wanted) + batchSize * batchesPerRound
  );
}
