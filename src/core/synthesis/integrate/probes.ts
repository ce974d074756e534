/**
 * Shared probes: two tools that seem to have one functionality are run on the same inputs before they are merged, and
 * must give the same. A look-up is asked for rows of its table and for a name that is in none, a calculation for operands
 * that tell the operations apart.
 */
import { operandKinds } from "../../environment/calculation.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { Sandbox, ToolInvocation, ToolOutcome } from "../../ports/sandbox.ts";
import type { SubjectTable } from "../candidate.ts";
import { codeOf } from "../deploy/code.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";
import { countOf, operandProbes, type Subjects } from "./functionality.ts";

/** Whether two drafts gave the same on every shared probe; only asked of pairs that were run. */
export type BehavesAlike = (a: ToolDraft, b: ToolDraft) => boolean;

/** Rows of a table that a look-up is asked for. */
const probedRows = 6;
const unknownName = "qqzzx";

/** Runs the pairs of different code; the same code does the same. */
export async function runSharedProbes(
  pairs: readonly (readonly [ToolDraft, ToolDraft])[],
  subjects: Subjects,
  sandbox: Sandbox,
): Promise<BehavesAlike> {
  const different = new Map<string, readonly [ToolDraft, ToolDraft]>();
  for (const [a, b] of pairs) {
    const key = pairOf(a, b);
    if (key !== undefined) different.set(key, [a, b]);
  }
  const plans = [...different].map(([key, [a, b]]) => ({ key, calls: invocationsOf(a, b, subjects) }));
  const all = plans.flatMap(({ calls }) => calls.flat());
  const outcomes = all.length > 0 ? await sandbox.run(all) : [];
  const agreed = new Map<string, boolean>();
  let next = 0;
  for (const { key, calls } of plans) {
    const said = calls.map(() => [outcomes[next++]!, outcomes[next++]!] as const);
    agreed.set(key, said.length > 0 && said.every(([one, other]) => gist(one) === gist(other)));
  }
  return (a, b) => {
    const key = pairOf(a, b);
    return key === undefined || (agreed.get(key) ?? false);
  };
}

/** An error's kind is what counts of it: its text names parameters. */
const gist = ({ kind, text }: ToolOutcome) =>
  kind === "returned" ? `returned ${text}` : `${kind} ${text.split(":")[0]}`;

/** Undefined where both are the same code. */
function pairOf(a: ToolDraft, b: ToolDraft): string | undefined {
  const [one, other] = [a, b].map((draft) => `${draft.cards.join()} ${codeOf(draft).code}`).sort();
  return one === other ? undefined : `${one}\n${other}`;
}

/** Calls of both, probe by probe; none where they share no probe. */
function invocationsOf(a: ToolDraft, b: ToolDraft, subjects: Subjects): [ToolInvocation, ToolInvocation][] {
  const [one, other] = [a.behaviour, b.behaviour];
  if (one.kind === "lookup" && other.kind === "lookup") {
    const table = excerptOf(subjects[one.subject], [...one.fields, ...other.fields]);
    const names = [...Object.keys(table.rows), unknownName];
    return names.map((name) => [lookUp(a, one, name, table), lookUp(b, other, name, table)]);
  }
  if (one.kind !== "calculate" || other.kind !== "calculate") return [];
  const kinds = operandKinds(one.operation, Math.min(countOf(one), countOf(other)));
  return operandProbes(kinds).map((operands) => [
    calculating(a, one, operands),
    calculating(b, other, operands),
  ]);
}

/** Rows that have a value in every field that either reads, evenly over the table. */
function excerptOf(table: SubjectTable | undefined, fields: readonly string[]): SubjectTable {
  const rows = Object.entries(table?.rows ?? {}).filter(([, row]) =>
    fields.every((field) => row[field] !== undefined),
  );
  const step = Math.max(1, Math.floor(rows.length / probedRows));
  return {
    aliases: {},
    rows: Object.fromEntries(rows.filter((_, i) => i % step === 0).slice(0, probedRows)),
  };
}

const lookUp = (draft: ToolDraft, { key }: LookupBehaviour, name: string, table: SubjectTable) => ({
  ...invocation(draft, nested(key, name)),
  program: { ...invocation(draft, {}).program, table: table as unknown as Json },
});

/** What one takes beyond the other is nothing: zero, which only what can be merged is neutral to. */
function calculating(draft: ToolDraft, behaviour: CalculateBehaviour, operands: readonly Json[]) {
  const names = [...behaviour.first, ...("array" in behaviour.operands ? [] : behaviour.operands)];
  return invocation(draft, Object.fromEntries(names.map((name, i) => [name, operands[i] ?? 0])));
}

const invocation = (draft: ToolDraft, given: JsonObject): ToolInvocation => ({
  program: { name: draft.document.name, ...codeOf(draft) },
  arguments: given,
});

const nested = ([name, ...inner]: readonly string[], value: Json): JsonObject => ({
  [name!]: inner.length > 0 ? nested(inner, value) : value,
});
