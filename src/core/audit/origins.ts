/**
 * Where the author took each sub-answer from, by the author's own account: defects are planted there, not where the gates
 * would look for it.
 */
import type { Case } from "../gates/gate.ts";
import type { Candidate } from "../synthesis/candidate.ts";

/** A sub-question whose answer stands in a column, in the row of a name. */
export interface Origin {
  readonly subQuestion: string;
  readonly column: string;
  readonly name: string;
}

/** A sound environment, for planting. */
export interface Sound extends Case {
  readonly origins: readonly Origin[];
}

export function originsOf({ facts, cards }: Candidate): Origin[] {
  const answers = new Map(facts.map(({ id, answer }) => [id, answer]));
  return facts.flatMap(({ id, card, operands: [asked] }) => {
    const lookup = cards.find((one) => one.id === card);
    if (lookup?.kind !== "lookup" || !asked) return [];
    const name = "value" in asked ? asked.value : "from" in asked ? answers.get(asked.from) : undefined;
    return name === undefined ? [] : [{ subQuestion: id, column: lookup.field, name: String(name) }];
  });
}
