/**
 * A trajectory: one environment, the exact ids the policy saw and said, and what came of each call. It only grows;
 * `tokens` is the concatenation of prompt, responses and tool results as ids, never re-tokenized.
 */
import type { JsonObject } from "../json.ts";
import type { ScoredResponse } from "../learning/batch.ts";
import type { SampledResponse } from "../ports/policy.ts";

export interface CallRecord {
  readonly tool: string;
  /** Null where the arguments could not be read as a JSON object. */
  readonly arguments: JsonObject | null;
  /** `error` covers unknown tools, unreadable arguments, raised errors and exhausted fuel: the policy's own doing. */
  readonly outcome: "returned" | "error";
  readonly output: string;
  /** The sub-answer this call newly solved. */
  readonly solved: string | null;
}

export interface Turn {
  /** Sub-answers owed when the policy was asked: FTRL's unsolved_set at this prefix. */
  readonly unsolved: Readonly<Record<string, readonly string[]>>;
  /** Where the response begins in `tokens`; everything before it is the turn's prompt. */
  readonly from: number;
  readonly length: number;
  readonly logprobs: readonly number[];
  readonly finish: SampledResponse["finish"];
  readonly text: string;
  readonly calls: readonly CallRecord[];
  /** FTRL's one-turn reward of this response. */
  readonly reward: number;
  /** In training, the other responses sampled at this prefix: they are judged, and the trajectory goes on without them. */
  readonly siblings: readonly ScoredResponse[];
}

/** Why a trajectory ended; all of them are the policy's doing, and are results, not failures. */
export type TrajectoryState =
  | "awaits_response"
  | "awaits_tools"
  | "answered"
  | "turn_limit"
  | "context_limit";

export interface Trajectory {
  /** Index in the environment set, and the environment's hash. */
  readonly member: number;
  readonly environment: string;
  /** 0 for the environment's first trajectory in its iteration, 1 for the second, ... */
  readonly twin: number;
  readonly tokens: readonly number[];
  readonly turns: readonly Turn[];
  /** Sub-answers still owed. */
  readonly unsolved: Readonly<Record<string, readonly string[]>>;
  readonly state: TrajectoryState;
}

/** Trajectories that move through their turns together. */
export interface Shard {
  readonly environments: string;
  readonly trajectories: readonly Trajectory[];
}

export const countSolved = (calls: readonly CallRecord[]) =>
  calls.filter(({ solved }) => solved !== null).length;

export const countUnsolved = (unsolved: Trajectory["unsolved"]) =>
  Object.values(unsolved).reduce((sum, answers) => sum + answers.length, 0);
