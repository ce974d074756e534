/** Questions that a guess answers too often are not worth proposing: the gates would refuse them (tool-necessity). */
import { mostGuessed } from "../../core/gates/necessity.ts";
import { lastOf, type Plan, type Step } from "./plan.ts";

/** True where every value asked for is one that most entities of its subject have: "Latin", of the scripts. */
export const isGuessable = ({ chains, goal }: Plan): boolean =>
  goal === "answers" && chains.every((chain) => majorityShare(lastOf(chain)) > mostGuessed);

const shares = new WeakMap<Step["relation"], number>();

/** Share of the subject's entities with a value that have the most frequent one, 0 to 1. */
function majorityShare({ subject, relation }: Step): number {
  const known = shares.get(relation);
  if (known !== undefined) return known;
  const values = subject.entities.flatMap(({ facts }) => facts[relation.field] ?? []).map(String);
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const share = Math.max(0, ...counts.values()) / Math.max(1, values.length);
  shares.set(relation, share);
  return share;
}
