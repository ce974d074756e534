/**
 * Which split an entity belongs to, for ever: a hash of its cluster decides, so that no set, seed or order of building
 * can move one. Entities that lead to each other (a city, its country, that country's time zone) share a cluster.
 */
import { sha256 } from "../hash.ts";
import type { Split } from "./environment.ts";

/** Shares of the clusters, dimensionless: large enough held-out parts for intervals that cluster by entity. */
const trainShare = 0.6;
const validationShare = 0.2;

/**
 * What splits keep apart beside entities, which they always do. Each alone gives a test whose distance from another, of
 * entities only, is what that part costs a policy.
 * - `wording`: phrases and frames of questions
 * - `tool-name`: names of tools
 * - `relation`: what is asked about an entity. Links from one entity to the next stay every split's: without them no
 *   split of a few relations would have a chain.
 */
export const heldOutParts = ["wording", "tool-name", "relation"] as const;
export type HeldOut = (typeof heldOutParts)[number];

/** Which split a relation that leads nowhere belongs to, where relations are held out. */
export const splitOfRelation = (subject: string, field: string): Split =>
  splitOf(`relation:${subject}.${field}`);

/** `cluster` names what must not be divided, e.g. "country:FR". */
export function splitOf(cluster: string): Split {
  const position = Number.parseInt(sha256(`split:${cluster}`).slice(0, 8), 16) / 2 ** 32;
  if (position < trainShare) return "train";
  return position < trainShare + validationShare ? "validation" : "test";
}
