/** Plans: paths of facts drawn from the data, before any text. A path stays inside one split, entity by entity. */
import type { Composition, Split } from "../../core/environment/environment.ts";
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
}
export type Goal = "answers" | Extract<Composition["kind"], "argmax" | "argmin" | "sum" | "difference">;

/** Where plans are drawn from. */
export interface World {
  readonly subjects: readonly KnownSubject[];
  readonly byId: ReadonlyMap<string, KnownSubject>;
  readonly split: Split;
}

const pathOf = (chain: Chain) => chain.map(({ relation }) => relation);
export const lastOf = (chain: Chain): Step => chain.at(-1)!;

/** Long paths end early more often than not; without persistence few of them would be proposed. */
const triesPerChain = 200;

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
  for (let hop = 1; hop <= hops; hop++) {
    const last = hop === hops;
    const open = subject.relations.filter((relation) => (last ? ends(relation) : leadsOn(world, relation)));
    if (open.length === 0) return undefined;
    const step = stepOf(subject, random.pick(open), entity);
    if (!step) return undefined;
    steps.push(step);
    if (last) break;
    const next = follow(world, step);
    if (!next || steps.some((earlier) => earlier.entity === next.entity)) return undefined;
    ({ subject, entity } = next);
  }
  return steps as unknown as Chain;
}

/** The path of `like` from another entity of its first subject. */
export function drawAlike(world: World, random: Random, like: Chain): Chain | undefined {
  return persist(() => walkAlike(world, random, like));
}

function walkAlike(world: World, random: Random, like: Chain): Chain | undefined {
  let subject = like[0].subject;
  let entity = random.pick(subject.bySplit[world.split]);
  const steps: Step[] = [];
  for (const relation of pathOf(like)) {
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
export function drawSibling(random: Random, chain: Chain): Chain | undefined {
  const { subject, entity, relation } = lastOf(chain);
  const others = subject.relations.filter((other) => other !== relation);
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
  const subject = world.byId.get(step.relation.to!)!;
  const entity = subject.bySplit[world.split].find(({ name }) => name === step.answer);
  return entity && { subject, entity };
}
