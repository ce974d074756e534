/**
 * Who writes environments. An author proposes candidates and serves the data that their tools read; the five stages of
 * `src/core/synthesis` turn candidates into environments. A proposal is a function of (seed, index) alone.
 */
import type { Profile, ScenarioType, Split, Tool } from "../environment/environment.ts";
import type { HeldOut } from "../environment/split.ts";
import type { Candidate, ScalingLevels, SubjectTable } from "../synthesis/candidate.ts";

export interface ProposalRequest {
  readonly split: Split;
  readonly profile: Profile;
  /** The language of the tools; JavaScript by default. Proposals differ in nothing else. */
  readonly runtime?: Tool["runtime"];
  /** Weights of the scenario types; candidates cycle through them evenly, so counts wanted will do as weights. */
  readonly scenarios: Readonly<Partial<Record<ScenarioType, number>>>;
  /** Most tools of an environment, distractors included; the profile's own limit (compact 5, ftrl 11) by default. */
  readonly maxTools?: number;
  /** Most sub-questions of an environment; the profile's own limit (compact 5, ftrl 11) by default. */
  readonly maxSubQuestions?: number;
  /** Domains that questions and distractors come from, by the author's names for them; all by default. */
  readonly domains?: readonly string[];
  /** What the splits keep apart beside entities; wordings and tool names by default. */
  readonly heldOut?: readonly HeldOut[];
  /** Levels of the complexity operations that are not to be drawn by the profile; the tool limit still holds. */
  readonly levels?: Partial<ScalingLevels>;
  readonly seed: number;
  /** Index of the first candidate; candidate i is the same in whichever range it is asked for. */
  readonly from: number;
  readonly count: number;
}

export interface EnvironmentAuthor {
  readonly name: string;
  readonly version: string;
  /** Throws InvalidInput where the request cannot be met, e.g. multi-hop questions with a single tool. */
  propose(request: ProposalRequest): Promise<Candidate[]>;
  /** The whole data of the named subjects; the same content at every call. */
  subjectTables(subjects: readonly string[]): Promise<Record<string, SubjectTable>>;
}
