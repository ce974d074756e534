/** Plans: paths of facts drawn from the data, before any text. A path stays inside one split, entity by entity. */
import type { Composition, Split } from "../../core/environment/environment.ts";
import type { HeldOut } from "../../core/environment/split.ts";
import type { Random } from "../../core/random.ts";
import type { Entity, Relation } from "./knowledge.ts";
import type { KnownSubject } from "./subjects.ts";

/** One fact: what is asked about which entity, and the answer as text. */
export interface Step {
  readonly subject: KnownSubject;
  readonly relation: Relation;
  readonly entity: Entity;
  readonly answer: string;
}

/** Each step's answer names the next step's entity. */
export type Chain = readonly [Step, ...Step[]];

/** Chains side by side, and what is made of their last answers. */
export interface Plan {
  readonly chains: readonly Chain[];
  readonly goal: Goal;
  /** The threshold of a count, or the days that a date is moved by; 0 for other goals. */
  readonly constant: number;
  /** A calculator does the last step; else whoever answers does. */
  readonly calculates: boolean;
}
export type Goal = "answers" | Exclude<Composition["kind"], "answer" | "list" | "stated">;

/** Where plans are drawn from. */
export interface World {
  readonly subjects: readonly KnownSubject[];
  readonly byId: ReadonlyMap<string, KnownSubject>;
  readonly split: Split;
  readonly heldOut: ReadonlySet<HeldOut>;
}

/** Whose wordings or tool names are used: the split's own where they are held out, else train's in every split. */
export const poolOf = ({ heldOut, split }: World, part: HeldOut): Split =>
  heldOut.has(part) ? split : "train";

export const lastOf = (chain: Chain): Step => chain.at(-1)!;

/** Some paths end early; without persistence few long ones would be proposed. */
const triesPerChain = 60;

/** A chain of exactly `hops` facts whose last relation satisfies `ends`, or undefined where no draw finds one. */
export function drawChain(
  world: World,
  random: Random,
  hops: number,
  ends: (relation: Relation) => boolean = () => true,
): Chain | undefined {
  return persist(() => walk(world, random, hops, ends));
}

function persist(draw: () => Chain | undefined): Chain | undefined {
  for (let attempt = 0; attempt < triesPerChain; attempt++) {
    const chain = draw();
    if (chain) return chain;
  }
  return undefined;
}

function walk(
  world: World,
  random: Random,
  hops: number,
  ends: (relation: Relation) => boolean,
): Chain | undefined {
  let subject = random.pick(world.subjects);
  const pool = subject.bySplit[world.split];
  if (pool.length === 0) return undefined;
  let entity = random.pick(pool);
  const steps: Step[] = [];
  for (let hop = 1; hop < hops; hop++) {
    const onward = subject.relations.flatMap((relation) => {
      const step = leadsOn(world, relation) ? stepOf(subject, relation, entity) : undefined;
      const next = step && follow(world, step);
      const returns = next && [...steps.map((earlier) => earlier.entity), entity].includes(next.entity);
      return step && next && !returns ? [{ step, next }] : [];
    });
    if (onward.length === 0) return undefined;
    const { step, next } = random.pick(onward);
    steps.push(step);
    ({ subject, entity } = next);
  }
  const open = subject.relations.filter((relation) => isAsked(world, relation) && ends(relation));
  const step = open.length > 0 ? stepOf(subject, random.pick(open), entity) : undefined;
  return step && ([...steps, step] as unknown as Chain);
}

/** Where relations are held out, links are every split's, so that chains are possible, and are never what is asked for. */
const isAsked = ({ heldOut }: World, { to }: Relation) => !heldOut.has("relation") || to === undefined;

/** The path of `like` from another entity of its first subject. */
export function drawAlike(world: World, random: Random, like: Chain): Chain | undefined {
  return persist(() => walkAlike(world, random, like));
}

function walkAlike(world: World, random: Random, like: Chain): Chain | undefined {
  let subject = like[0].subject;
  let entity = random.pick(subject.bySplit[world.split]);
  const steps: Step[] = [];
  for (const { relation } of like) {
    const step = stepOf(subject, relation, entity);
    if (!step) return undefined;
    steps.push(step);
    if (steps.length === like.length) break;
    const next = follow(world, step);
    if (!next) return undefined;
    ({ subject, entity } = next);
  }
  return steps as unknown as Chain;
}

/** A further fact about the same entity. */
export function drawSibling(world: World, random: Random, chain: Chain): Chain | undefined {
  const { subject, entity, relation } = lastOf(chain);
  const others = subject.relations.filter((other) => other !== relation && isAsked(world, other));
  if (others.length === 0) return undefined;
  const step = stepOf(subject, random.pick(others), entity);
  return step && ([...chain.slice(0, -1), step] as unknown as Chain);
}

const leadsOn = (world: World, { to }: Relation) =>
  to !== undefined && world.subjects.some((subject) => subject.id === to);

/** Names with a comma are left out: matching reads ", " as the border between answers. */
function stepOf(subject: KnownSubject, relation: Relation, entity: Entity): Step | undefined {
  const value = entity.facts[relation.field];
  if (value === undefined || entity.name.includes(",")) return undefined;
  return { subject, relation, entity, answer: String(value) };
}

/** The entity a step's answer names, where it is known and in the same split. */
function follow(world: World, step: Step): { subject: KnownSubject; entity: Entity } | undefined {
  const { to, back } = step.relation;
  const subject = world.byId.get(to!)!;
  const entity = subject.byName.get(step.answer);
  if (!entity || subject.splitOfEntity.get(entity) !== world.split) return undefined;
  return back === undefined || entity.facts[back] === step.entity.name ? { subject, entity } : undefined;
}
