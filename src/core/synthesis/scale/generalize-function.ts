/** Functional generalization: a lookup of one field becomes a lookup of several fields of the same subject. */
import { answerMatches } from "../../reward/match.ts";
import type { Candidate, Fact } from "../candidate.ts";
import { tidyKey } from "../deploy/lookup-key.ts";
import type { ToolDraft } from "../draft.ts";
import type { Subjects } from "../integrate/functionality.ts";
import { withSelector } from "../integrate/selector.ts";

/**
 * Adds up to `level` fields. A subject that several tools of the environment serve is left alone: widening one of them
 * would let it answer for another. So would a field that says, of a row the plan names, what another tool is asked for: the
 * country of a time zone, where the plan asks for that of its main city.
 */
export function generalizeFunction(
  draft: ToolDraft,
  beside: readonly ToolDraft[],
  candidate: Candidate,
  level: number,
  subjects: Subjects,
): { draft: ToolDraft; level: number } {
  const { behaviour } = draft;
  if (behaviour.kind === "calculate" || level === 0) return { draft, level: 0 };
  const shared = beside.some(
    (other) =>
      other !== draft && other.behaviour.kind === "lookup" && other.behaviour.subject === behaviour.subject,
  );
  const subject = candidate.subjects[behaviour.subject]!;
  const isOthers = saysOthersAnswer(draft, candidate, subjects[behaviour.subject]);
  const added = subject.fields
    .filter((field) => !behaviour.fields.includes(field) && !isOthers(field))
    .slice(0, level);
  if (shared || added.length === 0) return { draft, level: 0 };
  return { draft: withSelector(draft, added, subject, candidate.seed), level: added.length };
}

/** Without data no field is known to say anything. What a name was found out from is known to who asks about it. */
function saysOthersAnswer(
  { calls }: ToolDraft,
  { facts }: Candidate,
  table: Subjects[string] | undefined,
): (field: string) => boolean {
  const rowOf = (name: string) => {
    const key = tidyKey(name);
    return table?.rows[key] ?? table?.rows[table.aliases[key] ?? ""];
  };
  const asked = facts.flatMap((fact) => [
    ...fact.operands.flatMap((operand) =>
      "value" in operand ? [{ name: String(operand.value), known: new Set<string>() }] : [],
    ),
    { name: fact.answer, known: sourcesOf(fact, facts) },
  ]);
  const read = asked.flatMap(({ name, known }) => {
    const row = rowOf(name);
    const others = facts.filter(({ id }) => calls[id] === undefined && !known.has(id));
    return row && others.length > 0 ? [{ row, others }] : [];
  });
  return (field) =>
    read.some(({ row, others }) => {
      const said = [row[field] ?? ""].flat().join(", ");
      return others.some(({ answer }) => answerMatches(answer, said));
    });
}

/** Ids of the fact and of all that it was found out from. */
function sourcesOf({ id, operands }: Fact, facts: Candidate["facts"]): Set<string> {
  const before = operands.flatMap((operand) => ("from" in operand ? [operand.from] : []));
  return new Set([
    id,
    ...before.flatMap((source) => [...sourcesOf(facts.find((fact) => fact.id === source)!, facts)]),
  ]);
}
