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
import type { Subjects } from "../integrate/functionality.ts";
import { expandParameters } from "./expand-parameters.ts";
import { generalizeFunction } from "./generalize-function.ts";
import { generalizeTypes } from "./generalize-types.ts";

/** A candidate after one operation, and which level takes the operation away again. */
export interface ScalingStep {
  readonly dial: "generalization" | "parameters" | "parameterTypes" | "distractors";
  readonly after: Drafted;
}

/** A tool after each of the first three operations. */
type Complicated = readonly { readonly draft: ToolDraft; readonly level: number }[];

export const scale = (drafted: Drafted, subjects: Subjects = {}): Drafted =>
  scalingSteps(drafted, subjects).at(-1)!.after;

/** Each operation works on what the one before it made. `subjects` are the data that wider tools would read. */
export function scalingSteps(drafted: Drafted, subjects: Subjects): ScalingStep[] {
  const { candidate } = drafted.decomposed;
  const gold = drafted.drafts.map((draft) => complicate(draft, drafted.drafts, candidate, subjects));
  const draftsAt = (of: readonly Complicated[], step: number) => of.map((states) => states[step]!.draft);
  const distractors = addDistractors(draftsAt(gold, 2), candidate, subjects);
  const levelAt = (of: readonly Complicated[], step: number) =>
    of.reduce((sum, states) => sum + states[step]!.level, 0);
  const names = [
    "functional_generalization",
    "parameter_expansion",
    "parameter_type_generalization",
  ] as const;
  const recorded = (of: readonly Complicated[], steps: number) =>
    names.slice(0, steps).map((operation, step) => ({ operation, level: levelAt(of, step) }));
  const after = (steps: 1 | 2 | 3): Drafted => ({
    ...drafted,
    drafts: draftsAt(gold, steps - 1),
    complexity: [...drafted.complexity, ...recorded(gold, steps)],
  });
  const all = [...gold, ...distractors];
  const extended: Drafted = {
    ...drafted,
    drafts: seededRandom(seedOf(candidate.seed, "tool order")).shuffle(draftsAt(all, 2)),
    complexity: [
      ...drafted.complexity,
      ...recorded(all, 3),
      { operation: "toolset_extension", level: distractors.length },
      ...nearnesses.map((kind) => ({
        operation: `toolset_extension.${kind}`,
        level: draftsAt(distractors, 2).filter(({ cards }) => candidate.nearness[cards[0]!] === kind).length,
      })),
    ],
  };
  return [
    { dial: "generalization", after: after(1) },
    { dial: "parameters", after: after(2) },
    { dial: "parameterTypes", after: after(3) },
    { dial: "distractors", after: extended },
  ];
}

function complicate(
  draft: ToolDraft,
  beside: readonly ToolDraft[],
  candidate: Candidate,
  subjects: Subjects,
): Complicated {
  const random: Random = seededRandom(seedOf(candidate.seed, "scale", draft.document.name));
  const { levels } = candidate;
  const wide = generalizeFunction(draft, beside, candidate, levels.generalization, subjects);
  const expanded = expandParameters(wide.draft, levels.parameters, random);
  return [wide, expanded, generalizeTypes(expanded.draft, levels.parameterTypes, random)];
}

/** The nearest functionalities that no tool serves yet, under names that no tool has. */
function addDistractors(gold: readonly ToolDraft[], candidate: Candidate, subjects: Subjects): Complicated[] {
  const added: Complicated[] = [];
  for (const id of candidate.distractors) {
    if (added.length === candidate.levels.distractors) break;
    const beside = [...gold, ...added.map((states) => states[2]!.draft)];
    const card = candidate.cards.find((other) => other.id === id)!;
    const next = complicate(draftOf(candidate, card, 2), beside, candidate, subjects);
    if (!beside.some((tool) => collides(tool, next[2]!.draft))) added.push(next);
  }
  return added;
}

/** Two tools may share neither a name nor a functionality: either could then answer for the other. */
function collides(a: ToolDraft, b: ToolDraft): boolean {
  return a.document.name === b.document.name || servedBy(a).some((field) => servedBy(b).includes(field));
}

function servedBy({ behaviour, cards }: ToolDraft): string[] {
  if (behaviour.kind === "calculate") return [...cards];
  return behaviour.fields.map((field) => `${behaviour.subject}.${field}`);
}
