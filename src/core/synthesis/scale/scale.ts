/**
 * Stage 4, complexity scaling: functional generalization, parameter expansion, parameter-type generalization and
 * toolset extension, in this order, each with a recorded level. Every operation leaves the reference answers as they
 * were; distractors go through the same operations, so that they look like the tools they stand beside.
 */
import { seedOf } from "../../hash.ts";
import { type Random, seededRandom } from "../../random.ts";
import { type Candidate, nearnesses } from "../candidate.ts";
import { draftOf } from "../document/document.ts";
import type { Drafted, ToolDraft } from "../draft.ts";
import { expandParameters } from "./expand-parameters.ts";
import { generalizeFunction } from "./generalize-function.ts";
import { generalizeTypes } from "./generalize-types.ts";

/** What was done, counted over all tools: fields, parameters and parameter types. */
interface Counts {
  readonly fields: number;
  readonly parameters: number;
  readonly types: number;
}

export function scale(drafted: Drafted): Drafted {
  const { candidate } = drafted.decomposed;
  const gold = drafted.drafts.map((draft) => complicate(draft, drafted.drafts, candidate));
  const distractors = addDistractors(
    gold.map(({ draft }) => draft),
    candidate,
  );
  const all = [...gold, ...distractors];
  const total = (count: keyof Counts) => all.reduce((sum, { counts }) => sum + counts[count], 0);
  const random = seededRandom(seedOf(candidate.seed, "tool order"));
  return {
    ...drafted,
    drafts: random.shuffle(all.map(({ draft }) => draft)),
    complexity: [
      ...drafted.complexity,
      { operation: "functional_generalization", level: total("fields") },
      { operation: "parameter_expansion", level: total("parameters") },
      { operation: "parameter_type_generalization", level: total("types") },
      { operation: "toolset_extension", level: distractors.length },
      ...nearnesses.map((kind) => ({
        operation: `toolset_extension.${kind}`,
        level: distractors.filter(({ draft }) => candidate.nearness[draft.cards[0]!] === kind).length,
      })),
    ],
  };
}

function complicate(
  draft: ToolDraft,
  beside: readonly ToolDraft[],
  candidate: Candidate,
): { draft: ToolDraft; counts: Counts } {
  const random: Random = seededRandom(seedOf(candidate.seed, "scale", draft.document.name));
  const { levels } = candidate;
  const wide = generalizeFunction(draft, beside, candidate, levels.generalization);
  const expanded = expandParameters(wide.draft, levels.parameters, random);
  const typed = generalizeTypes(expanded.draft, levels.parameterTypes, random);
  return {
    draft: typed.draft,
    counts: { fields: wide.level, parameters: expanded.level, types: typed.level },
  };
}

/** The nearest functionalities that no tool serves yet, under names that no tool has. */
function addDistractors(gold: readonly ToolDraft[], candidate: Candidate) {
  const added: { draft: ToolDraft; counts: Counts }[] = [];
  for (const id of candidate.distractors) {
    if (added.length === candidate.levels.distractors) break;
    const beside = [...gold, ...added.map(({ draft }) => draft)];
    const card = candidate.cards.find((other) => other.id === id)!;
    const next = complicate(draftOf(candidate, card, 2), beside, candidate);
    if (!beside.some((tool) => collides(tool, next.draft))) added.push(next);
  }
  return added;
}

/** Two tools may share neither a name nor a functionality: either could then answer for the other. */
function collides(a: ToolDraft, b: ToolDraft): boolean {
  return a.document.name === b.document.name || servedBy(a).some((field) => servedBy(b).includes(field));
}

export function servedBy({ behaviour, cards }: ToolDraft): string[] {
  if (behaviour.kind === "calculate") return [...cards];
  return behaviour.fields.map((field) => `${behaviour.subject}.${field}`);
}
