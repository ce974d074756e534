/** Functional generalization: a lookup of one field becomes a lookup of several fields of the same subject. */
import type { Candidate } from "../candidate.ts";
import type { ToolDraft } from "../draft.ts";
import { withSelector } from "../integrate/selector.ts";

/**
 * Adds up to `level` fields. A subject that several tools of the environment serve is left alone: widening one of them
 * would let it answer for another.
 */
export function generalizeFunction(
  draft: ToolDraft,
  beside: readonly ToolDraft[],
  candidate: Candidate,
  level: number,
): { draft: ToolDraft; level: number } {
  const { behaviour } = draft;
  if (behaviour.kind === "calculate" || level === 0) return { draft, level: 0 };
  const shared = beside.some(
    (other) =>
      other !== draft && other.behaviour.kind === "lookup" && other.behaviour.subject === behaviour.subject,
  );
  const subject = candidate.subjects[behaviour.subject]!;
  const added = subject.fields.filter((field) => !behaviour.fields.includes(field)).slice(0, level);
  if (shared || added.length === 0) return { draft, level: 0 };
  return { draft: withSelector(draft, added, subject, candidate.seed), level: added.length };
}
