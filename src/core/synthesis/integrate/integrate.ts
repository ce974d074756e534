/**
 * Stage 3, function integration: documents whose functionality overlaps become one tool, n -> m <= n, and each merged
 * tool still answers every sub-question it inherits (`preserve.ts` runs them again). Overlap is judged by what is
 * documented and done, never by name: the same functionality always, and different fields of one subject where the
 * candidate's level asks for it.
 */
import type { Candidate } from "../candidate.ts";
import {
  type CalculateBehaviour,
  type Drafted,
  type LookupBehaviour,
  mapCalls,
  type ToolDraft,
} from "../draft.ts";
import { countOf, type Subjects, sameColumn, sameFunctionality } from "./functionality.ts";
import type { BehavesAlike } from "./probes.ts";
import { selectorName, withSelector } from "./selector.ts";

/**
 * `subjects` are the data that behaviour is compared on, a column's name must do where there are none; `behavesAlike` says
 * what came of running two tools on shared probes.
 */
export function integrate(
  drafted: Drafted,
  subjects: Subjects = {},
  behavesAlike: BehavesAlike = () => true,
): Drafted {
  const { candidate } = drafted.decomposed;
  const merged: { tool: ToolDraft; readonly members: ToolDraft[] }[] = [];
  for (const draft of drafted.drafts) {
    const into = merged.find(
      ({ tool, members }) =>
        members.some((member) => mayReplace(member, draft, subjects) && behavesAlike(member, draft)) ||
        isOfOneSubject(tool, draft, candidate.levels.integration),
    );
    if (!into) merged.push({ tool: draft, members: [draft] });
    else {
      into.tool = merge(into.tool, draft, candidate, subjects);
      into.members.push(draft);
    }
  }
  const level = drafted.drafts.length - merged.length;
  return {
    ...drafted,
    drafts: merged.map(({ tool }) => tool),
    complexity: [...drafted.complexity, { operation: "function_integration", level }],
  };
}

/** Pairs of tools that are merged if they behave alike: what to run on shared probes. */
export function alikePairs({ drafts }: Drafted, subjects: Subjects): [ToolDraft, ToolDraft][] {
  return drafts.flatMap((draft, i) =>
    drafts
      .slice(0, i)
      .flatMap((other): [ToolDraft, ToolDraft][] =>
        mayReplace(other, draft, subjects) ? [[other, draft]] : [],
      ),
  );
}

function mayReplace(a: ToolDraft, b: ToolDraft, subjects: Subjects): boolean {
  if (!sameFunctionality(a, b, subjects)) return false;
  if (a.behaviour.kind !== "calculate" || b.behaviour.kind !== "calculate") return true;
  return countOf(a.behaviour) === countOf(b.behaviour) || hasNeutralZero(a.behaviour);
}

/** Different fields of one subject, where the candidate's level asks for one tool of them. */
const isOfOneSubject = (a: ToolDraft, b: ToolDraft, level: 0 | 1): boolean =>
  level === 1 &&
  a.behaviour.kind === "lookup" &&
  b.behaviour.kind === "lookup" &&
  a.behaviour.subject === b.behaviour.subject;

function merge(
  into: ToolDraft,
  from: ToolDraft,
  { subjects: cards, seed }: Candidate,
  subjects: Subjects,
): ToolDraft {
  if (into.behaviour.kind === "calculate") return mergeCalculators(into, from);
  const a = into.behaviour;
  const b = from.behaviour as LookupBehaviour;
  const both = { ...into, cards: [...new Set([...into.cards, ...from.cards])] };
  const inherited = a.fields.find((field) => sameColumn(a.subject, field, b.fields[0]!, subjects));
  if (inherited !== undefined && !a.selector) return { ...both, calls: { ...into.calls, ...from.calls } };
  const wide = withSelector(both, inherited === undefined ? b.fields : [], cards[a.subject]!, seed);
  const parameter = selectorName(wide);
  const value = inherited ?? b.fields[0]!;
  const calls = mapCalls(from.calls, (call) => ({ ...call, [parameter]: { value } }));
  return { ...wide, calls: { ...wide.calls, ...calls } };
}

/** The one with more operands stays; the ones it has beyond the other's become optional, with the neutral default. */
function mergeCalculators(a: ToolDraft, b: ToolDraft): ToolDraft {
  const [wide, narrow] = countOf(calculation(a)) >= countOf(calculation(b)) ? [a, b] : [b, a];
  const { parameters } = wide.document;
  const required = parameters.required.slice(0, countOf(calculation(narrow)));
  const properties = Object.fromEntries(
    Object.entries(parameters.properties).map(([name, schema]) => [
      name,
      required.includes(name) ? schema : { ...schema, default: 0 },
    ]),
  );
  return {
    ...wide,
    cards: [...new Set([...wide.cards, ...narrow.cards])],
    document: { ...wide.document, parameters: { ...parameters, properties, required } },
    calls: { ...a.calls, ...b.calls },
  };
}

const calculation = ({ behaviour }: ToolDraft) => behaviour as CalculateBehaviour;
/** A further operand of 0 changes neither a sum nor a difference. */
const hasNeutralZero = ({ operation }: CalculateBehaviour) => ["sum", "difference"].includes(operation);
