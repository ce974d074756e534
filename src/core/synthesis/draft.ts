/** What the stages hand on: a question divided into sub-questions, and the drafts of the tools that answer them. */
import type { Operation } from "../environment/calculation.ts";
import type {
  Environment,
  ReferenceArgument,
  ScenarioType,
  SubQuestion,
  ToolDocument,
} from "../environment/environment.ts";
import type { Candidate } from "./candidate.ts";

/** Sub-questions in an order that respects the DAG; `tool` is still the id of the functionality's card. */
export interface Decomposed {
  readonly candidate: Candidate;
  readonly scenario: ScenarioType;
  readonly subQuestions: readonly SubQuestion[];
  readonly operands: Readonly<Record<string, readonly ReferenceArgument[]>>;
  readonly answer: string;
}

/** An optional parameter and what it does to the output; its effect names a rule of `scale/modifiers.ts`. */
export interface Modifier {
  readonly parameter: string;
  readonly effect: string;
}

interface BehaviourBasics {
  readonly modifiers: readonly Modifier[];
  /** The object parameter that groups the modifiers, where they are grouped. */
  readonly modifiersIn?: string;
}

export interface LookupBehaviour extends BehaviourBasics {
  readonly kind: "lookup";
  readonly subject: string;
  /** Path of the key in the arguments: ["country"] or ["place", "name"]. */
  readonly key: readonly string[];
  readonly fields: readonly string[];
  /** Which of several fields is wanted; `many` takes an array of them. */
  readonly selector?: { readonly parameter: string; readonly many: boolean };
  readonly unit?: string;
  readonly source: string;
}

export interface CalculateBehaviour extends BehaviourBasics {
  readonly kind: "calculate";
  readonly operation: Operation;
  /** Parameters of the operands that come first, in order; none for most operations. */
  readonly first: readonly string[];
  /** Parameters of the other operands in order, or the one array parameter that holds them. */
  readonly operands: readonly string[] | { readonly array: string };
}

export type Behaviour = LookupBehaviour | CalculateBehaviour;

export type CallArguments = Readonly<Record<string, ReferenceArgument>>;

export interface ToolDraft {
  readonly document: ToolDocument;
  /** JavaScript where absent. */
  readonly runtime?: Candidate["runtime"];
  readonly behaviour: Behaviour;
  /** Ids of the cards it serves. */
  readonly cards: readonly string[];
  /** The reference call of each sub-question it owns; none for a distractor. */
  readonly calls: Readonly<Record<string, CallArguments>>;
}

/** After `document`, `integrate` and `scale`: one shape, so that each can be read beside the other. */
export interface Drafted {
  readonly decomposed: Decomposed;
  readonly drafts: readonly ToolDraft[];
  readonly complexity: Environment["complexity"];
}

export const mapCalls = (
  calls: ToolDraft["calls"],
  change: (call: CallArguments) => CallArguments,
): ToolDraft["calls"] => Object.fromEntries(Object.entries(calls).map(([id, call]) => [id, change(call)]));
