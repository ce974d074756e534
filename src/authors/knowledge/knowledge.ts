/**
 * What the knowledge author knows: subjects (countries, airports, ...), their entities with facts from open data, and
 * the relations that questions ask about. A relation that leads to another subject makes a chain possible.
 */
import type { Split, SubQuestion } from "../../core/environment/environment.ts";
import type { Json } from "../../core/json.ts";

/** Wordings of one thing, disjoint between the splits. `{}` stands for the entity. */
export type Wordings = Readonly<Record<Split, readonly string[]>>;

export interface Relation {
  /** Column of the subject's table. */
  readonly field: string;
  /** The subject whose entity the value names. */
  readonly to?: string;
  /** The field of the entity led to that must name the one it came from; else they are namesakes, and no chain leads on. */
  readonly back?: string;
  readonly answerType: SubQuestion["answerType"];
  readonly unit?: string;
  /** What tool names are made of, e.g. "capital_city". */
  readonly nouns: readonly string[];
  /** A tool's description, one terse sentence. */
  readonly description: string;
  /** Noun phrases, e.g. "the capital of {}". */
  readonly phrases: Wordings;
  /** Noun phrases inside a longer one, where what the value stands for is meant: "the currency of {}", not its code. */
  readonly onward?: Wordings;
  /** Whole questions, where one is more natural than "What is ...?". */
  readonly asks?: Wordings;
  /** Comparable values: "the {largest} population" names the greatest and the least. */
  readonly superlatives?: readonly [greatest: string, least: string];
  /** Values of different entities can be added and subtracted. */
  readonly addable?: boolean;
}

export interface Entity {
  readonly name: string;
  /** What must not be divided between splits, e.g. "country:FR". */
  readonly cluster: string;
  /** Other names that tools accept. */
  readonly aliases: readonly string[];
  readonly facts: Readonly<Record<string, Json>>;
}

export interface Subject {
  readonly id: string;
  /** Distractors come from the same domain before they come from another. */
  readonly domain: string;
  /** Packages the facts come from; tools that cite a source cite them all. */
  readonly sources: readonly [string, ...string[]];
  /** Names of the key parameter. */
  readonly parameters: readonly string[];
  readonly parameterDescription: string;
  /** What names of general tools are made of, e.g. "country_facts". */
  readonly nouns: readonly string[];
  /** Description of a tool that serves several fields. */
  readonly description: string;
  /** Entities are codes that stand for something else; "its population" then says nothing. */
  readonly isCode?: true;
  /** How a question names an entity, e.g. "the French language". */
  readonly refer: (name: string) => string;
  readonly relations: readonly Relation[];
  readonly entities: readonly Entity[];
}

/** `train` has several wordings, the held-out splits one or more of their own. */
export const wordings = (
  train: readonly string[],
  validation: readonly string[],
  test: readonly string[],
): Wordings => ({ train, validation, test });
