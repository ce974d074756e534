/** One draw of a plan for each scenario type, within the limits of the request. Undefined means: draw again. */
import type { Profile, ScenarioType } from "../../core/environment/environment.ts";
import type { Random } from "../../core/random.ts";
import type { Relation } from "./knowledge.ts";
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
import { thresholdFor } from "./threshold.ts";

export interface Limits {
  readonly profile: Profile;
  readonly maxTools: number;
  readonly maxSubQuestions: number;
}

type Draw = (world: World, random: Random, limits: Limits) => Plan | undefined;
type MaybeChain = Chain | undefined;

/** How long and how wide plans are. `ftrl` comes near FTRL's test: 1.0, 2.0, 5.7 and 7.7 sub-questions on average. */
interface Shape {
  /** Facts in a row. */
  readonly hops: readonly number[];
  /** Facts in a row of one of several chains. */
  readonly parallelHops: readonly number[];
  /** Facts in a row of one of three or more chains. */
  readonly wideHops: readonly number[];
  /** Entities that are compared; fewer than three would be a coin toss. */
  readonly options: readonly number[];
  /** Entities that are counted. Neither none nor all of them are ever meant, so there is one more than outcomes. */
  readonly counted: readonly number[];
  /** What is asked side by side, one fact each. */
  readonly parallel: readonly ParallelKind[];
  /** What is asked of several chains. */
  readonly parallelMulti: readonly ParallelMultiKind[];
}
type ParallelKind = "alike" | "siblings" | "any" | "extreme" | "count";
type ParallelMultiKind = "alike" | "any" | "total" | "totals" | "days" | "extreme" | "counted";

const repeatedly = <const T extends string>(times: number, member: T): T[] =>
  Array.from({ length: times }, () => member);

const shapes: Readonly<Record<Profile, Shape>> = {
  compact: {
    hops: [2, 2, 3, 3, 4],
    parallelHops: [2],
    wideHops: [1],
    options: [3, 3, 4],
    counted: [4, 4, 5],
    parallel: ["alike", "alike", "siblings", "siblings", "any", "any", "extreme", "extreme", "count"],
    parallelMulti: ["alike", "any", "any", "total", "totals", "totals", "days"],
  },
  ftrl: {
    hops: [4, 6, 6, 7, 7, 8, 8, 9, 9, 10],
    parallelHops: [3, 3, 4, 4, 5, 5],
    wideHops: [2, 3, 3],
    options: [3, 3, 3, 4],
    counted: [4, 4, 5],
    parallel: [
      ...repeatedly(4, "alike"),
      ...repeatedly(4, "siblings"),
      ...repeatedly(4, "any"),
      "extreme",
      "count",
    ],
    parallelMulti: [
      ...repeatedly(2, "alike"),
      ...repeatedly(6, "any"),
      "total",
      ...repeatedly(5, "totals"),
      ...repeatedly(2, "days"),
      ...repeatedly(2, "extreme"),
      ...repeatedly(2, "counted"),
    ],
  },
};

const isAddable = ({ addable }: Relation) => addable === true;
const isComparable = ({ superlatives }: Relation) => superlatives !== undefined;
const isDate = ({ answerType }: Relation) => answerType === "date";

function planOf(
  chains: readonly MaybeChain[],
  goal: Goal,
  more: { readonly constant?: number; readonly calculates?: boolean } = {},
): Plan | undefined {
  const drawn = chains.filter((chain) => chain !== undefined);
  return drawn.length === chains.length
    ? { chains: drawn, goal, constant: 0, calculates: false, ...more }
    : undefined;
}

const repeated = (count: number, draw: () => MaybeChain) => Array.from({ length: count }, draw);

/** One chain, and others along the same path. */
function alike(world: World, random: Random, count: number, first: MaybeChain): MaybeChain[] {
  return [first, ...repeated(count - 1, () => first && drawAlike(world, random, first))];
}

const single: Draw = (world, random) => planOf([drawChain(world, random, 1)], "answers");

/** A chain; one in five ends at a date, and a calculator steps on from there. */
const multi: Draw = (world, random, { profile }) => {
  const hops = random.pick(shapes[profile].hops);
  return random.next() < 0.2
    ? stepped(world, random, hops - 1)
    : planOf([drawChain(world, random, hops)], "answers");
};

const daysAfter = [30, 45, 60, 75, 90, 100, 120, 150, 180, 200, 250, 300, 400, 500, 750, 1000] as const;

const stepped = (world: World, random: Random, hops: number) =>
  planOf([drawChain(world, random, hops, isDate)], "date_after", {
    constant: random.pick(daysAfter),
    calculates: true,
  });

/** Values side by side: of several entities, of one entity, or of anything; or what they say of several options. */
const parallel: Draw = (world, random, { profile }) => {
  const shape = shapes[profile];
  const kind = random.pick(shape.parallel);
  if (kind === "extreme") return extreme(world, random, 1, random.pick(shape.options));
  if (kind === "count") return counted(world, random, 1, random.pick(shape.counted));
  const count = random.next() < (profile === "compact" ? 0.25 : 0.06) ? 3 : 2;
  const first = drawChain(world, random, 1);
  if (!first) return undefined;
  if (kind === "alike") return planOf(alike(world, random, count, first), "answers");
  const draw = () => (kind === "siblings" ? drawSibling(world, random, first) : drawChain(world, random, 1));
  return planOf([first, ...repeated(count - 1, draw)], "answers");
};

/** Chains side by side, or values brought together by a calculator. */
const parallelMulti: Draw = (world, random, { profile }) => {
  const shape = shapes[profile];
  const hops = random.pick(shape.parallelHops);
  const kind = random.pick(shape.parallelMulti);
  switch (kind) {
    case "alike":
      return planOf(alike(world, random, 2, drawChain(world, random, hops)), "answers");
    case "any":
      return planOf(
        repeated(2, () => drawChain(world, random, hops)),
        "answers",
      );
    case "total":
      return total(world, random, 1, 2 + random.integer(2));
    case "totals":
      return total(world, random, hops, 2);
    case "days":
      return daysBetween(world, random, profile === "compact" ? 1 + random.integer(2) : Math.min(hops, 4));
    case "extreme":
      return extreme(world, random, random.pick(shape.wideHops), 3);
    case "counted":
      return counted(world, random, 2, random.pick(shape.counted));
  }
};

function comparable(world: World, random: Random, hops: number, options: number): MaybeChain[] | undefined {
  const first = drawChain(world, random, hops, isComparable);
  if (!first || first[0].subject.isCode) return undefined;
  return alike(world, random, options, first);
}

/** Which of the options has the most or the least. */
function extreme(world: World, random: Random, hops: number, options: number): Plan | undefined {
  const chains = comparable(world, random, hops, options);
  return chains && planOf(chains, random.pick(["argmax", "argmin"]));
}

/**
 * How many of the options lie above a round number that divides them. No calculator counts: it has so few results that
 * calls with garbage would hit the right one.
 */
function counted(world: World, random: Random, hops: number, options: number): Plan | undefined {
  const plan = planOf(comparable(world, random, hops, options) ?? [undefined], "count_above");
  const values = plan?.chains.map((chain) => Number(lastOf(chain).answer));
  const constant = values && thresholdFor(values, random);
  return constant === undefined ? undefined : { ...plan!, constant };
}

/** A sum or a mean, or for two values a difference, the greater one first. */
function total(world: World, random: Random, hops: number, count: number): Plan | undefined {
  const chains = alike(world, random, count, drawChain(world, random, hops, isAddable));
  const goals =
    count > 2 ? (["sum", "mean"] as const) : (["sum", "difference", "difference", "mean"] as const);
  const goal = random.pick(goals);
  const value = (chain: MaybeChain) => (chain ? Number(lastOf(chain).answer) : 0);
  const ordered = goal === "difference" ? chains.sort((a, b) => value(b) - value(a)) : chains;
  return planOf(ordered, goal, { calculates: true });
}

/** Two dates, each at the end of a chain; along one path as often as not. */
function daysBetween(world: World, random: Random, hops: number): Plan | undefined {
  const first = drawChain(world, random, hops, isDate);
  const second =
    first && (random.next() < 0.5 ? drawAlike(world, random, first) : drawChain(world, random, hops, isDate));
  return planOf([first, second], "days_between", { calculates: true });
}

export const draws: Readonly<Record<ScenarioType, Draw>> = {
  single_hop: single,
  parallel_single_hop: parallel,
  multi_hop: multi,
  parallel_multi_hop: parallelMulti,
};
