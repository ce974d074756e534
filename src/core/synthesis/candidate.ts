/**
 * A candidate: one question as its author planned it, before it is divided, documented and deployed. Plain JSON, small:
 * it names data tables and never holds them.
 */
import type { Operation } from "../environment/calculation.ts";
import type {
  Composition,
  Environment,
  Profile,
  ReferenceArgument,
  ScenarioType,
  Split,
  SubQuestion,
  Tool,
} from "../environment/environment.ts";
import type { Json } from "../json.ts";

interface CardBasics {
  /** "country.capital", "calculator.sum": equal ids are the same functionality. */
  readonly id: string;
  readonly toolName: string;
  /** The tool's description, as long as the profile wants it. */
  readonly description: string;
  readonly answerType: SubQuestion["answerType"];
  /** "K", "people", ...; absent where the value has none. */
  readonly unit?: string;
}

/** Functionality "look one column up by the subject's name". */
export interface LookupCard extends CardBasics {
  readonly kind: "lookup";
  /** The data it reads: a subject of the author. */
  readonly subject: string;
  readonly field: string;
}

/** Functionality "compute one value from others". */
export interface CalculatorCard extends CardBasics {
  readonly kind: "calculate";
  readonly operation: Operation;
}

export type Card = LookupCard | CalculatorCard;

/** How tools over a subject are worded. */
export interface SubjectCard {
  /** Name of the key parameter, e.g. "country". */
  readonly parameter: string;
  /** Absent in terse documents. */
  readonly parameterDescription?: string;
  /** Name and description of a tool that serves several fields of the subject. */
  readonly toolName: string;
  readonly description: string;
  /** Further fields a tool over the subject can be widened to, nearest first. */
  readonly fields: readonly string[];
  /** Packages the data come from, shown by tools that cite them. */
  readonly source: string;
}

/** One step of the plan: a functionality, its operands, and what executing it gives. */
export interface Fact {
  readonly id: string;
  readonly card: string;
  readonly question: string;
  /** The key of a lookup, or the operands of a calculation in order. */
  readonly operands: readonly ReferenceArgument[];
  readonly answer: string;
}

/** Shares words with a needed tool's name; has a document like a needed tool's; is of the same domain; is of another. */
export const nearnesses = ["name", "document", "domain", "far"] as const;
export type Nearness = (typeof nearnesses)[number];

/** How far each complexity operation goes; 0 leaves it out. */
export interface ScalingLevels {
  /** 1: lookups of one subject are merged into one tool; 0: only equal functionalities are. */
  readonly integration: 0 | 1;
  /** Fields each lookup is widened by. */
  readonly generalization: number;
  /** Optional parameters added to each tool. */
  readonly parameters: number;
  /** 1: arrays for operands, objects for groups of options; 2: also for keys and selectors. */
  readonly parameterTypes: 0 | 1 | 2;
  /** Distractors added. */
  readonly distractors: number;
}

export interface Candidate {
  readonly index: number;
  /** Drives every choice the stages make. */
  readonly seed: number;
  readonly split: Split;
  readonly profile: Profile;
  /** The language of its tools; JavaScript where absent. */
  readonly runtime?: Tool["runtime"];
  readonly scenario: ScenarioType;
  readonly entity: string;
  readonly question: string;
  /** Other wordings of the question, for repair. */
  readonly paraphrases: readonly string[];
  readonly facts: readonly Fact[];
  readonly composition: Composition;
  /** Functionalities of the facts and of possible distractors. */
  readonly cards: readonly Card[];
  /** Ids of cards that may distract, in the order they are taken. */
  readonly distractors: readonly string[];
  /** How near each of them is to what the plan needs. */
  readonly nearness: Readonly<Record<string, Nearness>>;
  readonly subjects: Readonly<Record<string, SubjectCard>>;
  readonly levels: ScalingLevels;
  readonly lineage: Environment["lineage"];
}

/** The whole data of a subject. Keys are tidied (see `deploy/lookup-key.ts`); aliases lead to keys. */
export interface SubjectTable {
  readonly aliases: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}
