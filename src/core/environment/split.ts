/**
 * Which split an entity belongs to, for ever: a hash of its cluster decides, so that no set, seed or order of building
 * can move one. Entities that lead to each other (a city, its country, that country's time zone) share a cluster.
 */
import { sha256 } from "../hash.ts";
import type { Split } from "./environment.ts";

/** Shares of the clusters, dimensionless: large enough held-out parts for intervals that cluster by entity. */
const trainShare = 0.6;
const validationShare = 0.2;

/** `cluster` names what must not be divided, e.g. "country:FR". */
export function splitOf(cluster: string): Split {
  const position = Number.parseInt(sha256(`split:${cluster}`).slice(0, 8), 16) / 2 ** 32;
  if (position < trainShare) return "train";
  return position < trainShare + validationShare ? "validation" : "test";
}
