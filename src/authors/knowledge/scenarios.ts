/** One draw of a plan for each scenario type, within the limits of the request. Undefined means: draw again. */
import type { Profile, ScenarioType } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";
import {
  type Chain,
  drawAlike,
  drawChain,
  drawSibling,
  type Goal,
  lastOf,
  type Plan,
  type World,
} from "./plan.ts";

export interface Limits {
  readonly profile: Profile;
  readonly maxTools: number;
  readonly maxSubQuestions: number;
}

type Draw = (world: World, random: Random, limits: Limits) => Plan | undefined;

/** Facts in a row: short in `compact`; as long as the data go in `ftrl` (FTRL's mean is 5.7). */
const hopsOf: Readonly<Record<Profile, readonly number[]>> = {
  compact: [2, 2, 3, 3, 4],
  ftrl: [3, 4, 5, 5, 6, 6, 6],
};
/** Facts in a row of one of several chains. */
const parallelHopsOf: Readonly<Record<Profile, readonly number[]>> = {
  compact: [2],
  ftrl: [2, 3, 3, 4, 4, 5],
};

const answers = (chains: readonly (Chain | undefined)[]): Plan | undefined => toPlan(chains, "answers");

function toPlan(chains: readonly (Chain | undefined)[], goal: Goal): Plan | undefined {
  return chains.every((chain) => chain !== undefined) ? { chains, goal } : undefined;
}

const single: Draw = (world, random) => answers([drawChain(world, random, 1)]);

const multi: Draw = (world, random, { profile }) =>
  answers([drawChain(world, random, random.pick(hopsOf[profile]))]);

/** Values side by side: of several entities, of one entity, or of anything; or the entity where one is extreme. */
const parallel: Draw = (world, random) => {
  const kind = random.integer(4);
  if (kind === 3) return extreme(world, random, 1);
  const count = random.pick([2, 2, 2, 3]);
  const first = drawChain(world, random, 1);
  if (!first) return undefined;
  const more = (draw: () => Chain | undefined) => Array.from({ length: count - 1 }, draw);
  if (kind === 0) return answers([first, ...more(() => drawAlike(world, random, first))]);
  if (kind === 1) return answers([first, ...more(() => drawSibling(random, first))]);
  return answers([first, ...more(() => drawChain(world, random, 1))]);
};

/** Chains side by side, or values brought together by a calculator. */
const parallelMulti: Draw = (world, random, { profile }) => {
  const kind = random.integer(profile === "compact" ? 4 : 6);
  const hops = random.pick(parallelHopsOf[profile]);
  if (kind === 0) return total(world, random, 1, 2 + random.integer(2));
  if (kind === 1) return total(world, random, hops, 2);
  if (kind >= 4) return extreme(world, random, Math.min(hops, 3));
  const first = drawChain(world, random, hops);
  if (!first) return undefined;
  const second = kind === 2 ? drawAlike(world, random, first) : drawChain(world, random, hops);
  return answers([first, second]);
};

/** Among three options: fewer would be a coin toss. */
function extreme(world: World, random: Random, hops: number): Plan | undefined {
  const first = drawChain(world, random, hops, ({ superlatives }) => superlatives !== undefined);
  if (!first || first[0].subject.isCode) return undefined;
  const others = [drawAlike(world, random, first), drawAlike(world, random, first)];
  return toPlan([first, ...others], random.pick(["argmax", "argmin"]));
}

/** A sum, or for two values a difference, the greater one first. */
function total(world: World, random: Random, hops: number, count: number): Plan | undefined {
  const first = drawChain(world, random, hops, ({ addable }) => addable === true);
  if (!first) return undefined;
  const chains = [first, ...Array.from({ length: count - 1 }, () => drawAlike(world, random, first))];
  if (count > 2 || random.next() < 0.5) return toPlan(chains, "sum");
  const value = (chain: Chain | undefined) => (chain ? Number(lastOf(chain).answer) : 0);
  return toPlan(
    chains.sort((a, b) => value(b) - value(a)),
    "difference",
  );
}

export const draws: Readonly<Record<ScenarioType, Draw>> = {
  single_hop: single,
  parallel_single_hop: parallel,
  multi_hop: multi,
  parallel_multi_hop: parallelMulti,
};
