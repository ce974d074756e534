/**
 * Stage 5, localized deployment: each draft becomes a document, code and a content-addressed data table, and the
 * candidate an environment. Tables are shared: one per field for tools of one field, one per subject for all others,
 * so that a set's tables stay few however many subsets of fields its tools serve.
 */
import type { Environment, ReferenceCall, Tool } from "../../environment/environment.ts";
import { contentHash } from "../../hash.ts";
import type { Json } from "../../json.ts";
import type { Candidate, SubjectTable } from "../candidate.ts";
import type { Drafted, ToolDraft } from "../draft.ts";
import { codeOf } from "./code.ts";
import { projectTable } from "./project-table.ts";

export interface Deployed {
  readonly candidate: Candidate;
  readonly environment: Environment;
  /** Tool name -> ids of the functionalities it serves, distractors included. */
  readonly cards: Readonly<Record<string, readonly string[]>>;
}

export interface DeployedBatch {
  readonly deployed: readonly Deployed[];
  readonly tables: Readonly<Record<string, Json>>;
}

/** Subjects whose data a batch of drafts reads: what to ask the author for. */
export function subjectsOf(batch: readonly Drafted[]): string[] {
  const subjects = batch.flatMap(({ drafts }) =>
    drafts.flatMap(({ behaviour }) => (behaviour.kind === "lookup" ? [behaviour.subject] : [])),
  );
  return [...new Set(subjects)].sort();
}

/** Subjects of all tools that the candidates may come to have, distractors included. */
export const allSubjectsOf = (candidates: readonly Candidate[]): string[] =>
  [...new Set(candidates.flatMap(({ subjects }) => Object.keys(subjects)))].sort();

export function deploy(
  batch: readonly Drafted[],
  subjects: Readonly<Record<string, SubjectTable>>,
): DeployedBatch {
  const tables: Record<string, Json> = {};
  const hashes = new Map<string, string>();
  const tableOf = ({ behaviour }: ToolDraft): string | undefined => {
    if (behaviour.kind === "calculate") return undefined;
    const { subject, fields } = behaviour;
    const part = fields.length === 1 ? `${subject}.${fields[0]}` : subject;
    let hash = hashes.get(part);
    if (!hash) {
      const table = fields.length === 1 ? projectTable(subjects[subject]!, fields[0]!) : subjects[subject]!;
      hash = contentHash(table);
      hashes.set(part, hash);
      tables[hash] = table as unknown as Json;
    }
    return hash;
  };
  return { deployed: batch.map((drafted) => deployOne(drafted, tableOf)), tables };
}

function deployOne(drafted: Drafted, tableOf: (draft: ToolDraft) => string | undefined): Deployed {
  const { decomposed, drafts, complexity } = drafted;
  const { candidate, subQuestions } = decomposed;
  const owners = new Map(
    drafts.flatMap((draft) => Object.keys(draft.calls).map((id) => [id, draft] as const)),
  );
  const environment: Environment = {
    format: "ratchet.environment.v1",
    scenario: decomposed.scenario,
    profile: candidate.profile,
    split: candidate.split,
    entity: candidate.entity,
    question: candidate.question,
    answer: decomposed.answer,
    composition: candidate.composition,
    subQuestions: subQuestions.map((sub) => ({ ...sub, tool: owners.get(sub.id)!.document.name })),
    referenceCalls: subQuestions.map(
      ({ id }): ReferenceCall => ({
        subQuestion: id,
        tool: owners.get(id)!.document.name,
        arguments: { ...owners.get(id)!.calls[id]! },
      }),
    ),
    tools: drafts.map((draft): Tool => {
      const table = tableOf(draft);
      return {
        document: draft.document,
        ...codeOf(draft),
        ...(table === undefined ? {} : { table }),
        distractor: Object.keys(draft.calls).length === 0,
      };
    }),
    complexity: [...complexity],
    lineage: candidate.lineage,
    gates: [],
  };
  const cards = Object.fromEntries(drafts.map((draft) => [draft.document.name, draft.cards]));
  return { candidate, environment, cards };
}
