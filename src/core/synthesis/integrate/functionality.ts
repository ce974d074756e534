/**
 * Whether two tools have the same functionality, judged by what is documented and by what they do, never by name alone:
 * their names and descriptions speak of the same, they take the same types, and they read the same column or compute the
 * same. `probes.ts` runs those that seem to.
 */
import { calculate, type OperandKind, operandKinds } from "../../environment/calculation.ts";
import type { Json } from "../../json.ts";
import type { SubjectTable } from "../candidate.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";

export type Subjects = Readonly<Record<string, SubjectTable>>;

/** Numbers that tell the operations apart: 2 + 2 is 2 * 2. */
const probeNumbers = [7, 3, 11, 2.5, 0, 13, 5, 17, 19, 23];
const probeDates = ["2001-03-31", "1999-12-31", "2024-02-29"];

/** Without data, look-ups are the same where they read the same column of the same subject. */
export function sameFunctionality(a: ToolDraft, b: ToolDraft, subjects: Subjects): boolean {
  if (!documentedAlike(a, b)) return false;
  if (a.behaviour.kind === "calculate" || b.behaviour.kind === "calculate")
    return (
      a.behaviour.kind === "calculate" &&
      b.behaviour.kind === "calculate" &&
      sameCalculation(a.behaviour, b.behaviour)
    );
  return requiredTypes(a) === requiredTypes(b) && sameLookup(a.behaviour, b.behaviour, subjects);
}

/** Words that say nothing of what a tool is about. */
const emptyWords = new Set(["get", "find", "the", "for", "and", "with", "from", "its", "which", "lookup"]);

/** A word of name or description in common: what a tool does is worded in many ways, but not in none of the same words. */
function documentedAlike(a: ToolDraft, b: ToolDraft): boolean {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  return [...one].some((word) => other.has(word));
}

function wordsOf({ document: { name, description } }: ToolDraft): Set<string> {
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2");
  const words = `${spaced} ${description}`.toLowerCase().match(/[a-z]{3,}/g) ?? [];
  return new Set(words.filter((word) => !emptyWords.has(word)));
}

const requiredTypes = ({ document: { parameters } }: ToolDraft): string =>
  parameters.required.map((name) => String(parameters.properties[name]!.type)).join();

/** On the probes of the one with fewer operands; more of them are a matter of merging. */
function sameCalculation(a: CalculateBehaviour, b: CalculateBehaviour): boolean {
  const count = Math.min(countOf(a), countOf(b));
  const kinds = operandKinds(a.operation, count);
  if (kinds.join() !== operandKinds(b.operation, count).join()) return false;
  return operandProbes(kinds).every(
    (probe) => calculate(a.operation, probe) === calculate(b.operation, probe),
  );
}

export function operandProbes(kinds: readonly OperandKind[]): Json[][] {
  return [0, 1, 2].map((turn) =>
    kinds.map((kind, i): Json => {
      if (kind === "date") return probeDates[(i + turn) % probeDates.length]!;
      const number = probeNumbers[(i + turn) % probeNumbers.length]!;
      return kind === "days" ? Math.round(number) : number;
    }),
  );
}

export const countOf = ({ first, operands }: CalculateBehaviour): number =>
  first.length + ("array" in operands ? 0 : operands.length);

function sameLookup(a: LookupBehaviour, b: LookupBehaviour, subjects: Subjects): boolean {
  if (a.subject !== b.subject) return false;
  return a.fields.some((field) => b.fields.some((other) => sameColumn(a.subject, field, other, subjects)));
}

const compared = new WeakMap<SubjectTable, Map<string, boolean>>();

/** Every row is a probe. Columns are compared once for each table. */
export function sameColumn(subject: string, field: string, other: string, subjects: Subjects): boolean {
  const table = subjects[subject];
  if (field === other) return true;
  if (table === undefined) return false;
  const known = compared.get(table) ?? new Map<string, boolean>();
  compared.set(table, known);
  const pair = [field, other].sort().join(" ");
  const same =
    known.get(pair) ??
    Object.values(table.rows).every((row) => row[field] !== undefined && row[field] === row[other]);
  known.set(pair, same);
  return same;
}
