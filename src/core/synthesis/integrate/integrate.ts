/**
 * Stage 3, function integration: documents whose functionality overlaps become one tool, n -> m <= n, and each merged
 * tool still answers every sub-question it inherits. Overlap is judged by what is documented, never by name: the same
 * functionality always, and different fields of one subject where the candidate's level asks for it.
 */
import type { SubjectCard } from "../candidate.ts";
import {
  type CalculateBehaviour,
  type Drafted,
  type LookupBehaviour,
  mapCalls,
  type ToolDraft,
} from "../draft.ts";
import { selectorName, withSelector } from "./selector.ts";

export function integrate(drafted: Drafted): Drafted {
  const { candidate } = drafted.decomposed;
  const merged: ToolDraft[] = [];
  for (const draft of drafted.drafts) {
    const at = merged.findIndex((other) => overlap(other, draft, candidate.levels.integration));
    if (at < 0) merged.push(draft);
    else merged[at] = merge(merged[at]!, draft, candidate.subjects, candidate.seed);
  }
  const level = drafted.drafts.length - merged.length;
  return {
    ...drafted,
    drafts: merged,
    complexity: [...drafted.complexity, { operation: "function_integration", level }],
  };
}

function overlap(a: ToolDraft, b: ToolDraft, level: 0 | 1): boolean {
  if (a.behaviour.kind === "calculate" || b.behaviour.kind === "calculate")
    return a.cards[0] === b.cards[0] && (countOf(a) === countOf(b) || hasNeutralZero(a));
  if (a.behaviour.subject !== b.behaviour.subject) return false;
  return level === 1 || a.cards.some((card) => b.cards.includes(card));
}

function merge(
  into: ToolDraft,
  from: ToolDraft,
  subjects: Readonly<Record<string, SubjectCard>>,
  seed: number,
): ToolDraft {
  if (into.behaviour.kind === "calculate") return mergeCalculators(into, from);
  const a = into.behaviour;
  const b = from.behaviour as LookupBehaviour;
  const added = b.fields.filter((field) => !a.fields.includes(field));
  if (added.length === 0 && !a.selector) return { ...into, calls: { ...into.calls, ...from.calls } };
  const wide = withSelector(into, added, subjects[a.subject]!, seed);
  const parameter = selectorName(wide);
  const calls = mapCalls(from.calls, (call) => ({ ...call, [parameter]: { value: b.fields[0]! } }));
  const cards = [...new Set([...into.cards, ...from.cards])];
  return { ...wide, cards, calls: { ...wide.calls, ...calls } };
}

/** The one with more operands stays; the ones it has beyond the other's become optional, with the neutral default. */
function mergeCalculators(a: ToolDraft, b: ToolDraft): ToolDraft {
  const [wide, narrow] = countOf(a) >= countOf(b) ? [a, b] : [b, a];
  const { parameters } = wide.document;
  const required = parameters.required.slice(0, calculation(wide).first.length + countOf(narrow));
  const properties = Object.fromEntries(
    Object.entries(parameters.properties).map(([name, schema]) => [
      name,
      required.includes(name) ? schema : { ...schema, default: 0 },
    ]),
  );
  return {
    ...wide,
    document: { ...wide.document, parameters: { ...parameters, properties, required } },
    calls: { ...a.calls, ...b.calls },
  };
}

const calculation = ({ behaviour }: ToolDraft) => behaviour as CalculateBehaviour;
const countOf = (draft: ToolDraft) => (calculation(draft).operands as string[]).length;
/** A further operand of 0 changes neither a sum nor a difference. */
const hasNeutralZero = (draft: ToolDraft) => ["sum", "difference"].includes(calculation(draft).operation);
