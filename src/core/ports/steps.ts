/**
 * The ledger that makes doing a step twice the same as doing it once.
 *
 * A step's key is a hash of what goes into it (parent state, ordered input references, hyper-parameters, stage version),
 * so the same work has the same key whoever does it. An attempt claims the key and gets a fence; the commit succeeds
 * only under the newest fence and returns the first committed result for as long as what it names is stored. A result
 * whose artifacts are lost or damaged is no longer a result: the step is claimed anew, and its work writes them again. Checkpoints
 * do not count, for they are collected on purpose and made again from their lineage.
 */
import type { Json, JsonObject } from "../json.ts";
import type { LineageRecord, UpdateRecipe } from "./runs.ts";

export interface StepIdentity {
  readonly key: string;
  /** "sample-turn", "update", "build-batch", ... */
  readonly kind: string;
  readonly run: string;
  readonly branch: number;
  /** Iteration within the stage; 0 where there is none. */
  readonly iteration: number;
}

export type StepClaim =
  | { readonly state: "committed"; readonly result: Json }
  | { readonly state: "claimed"; readonly fence: number };

export interface StepCommit {
  /** The step's first committed one. */
  readonly result: Json;
  /** This attempt committed it, and none before. */
  readonly isOwn: boolean;
}

/** What a commit writes in the same transaction, so that a crash leaves all of it or none. */
export interface CommitAlongside {
  readonly lineage?: LineageRecord;
  /** What the lineage's update was computed from. */
  readonly recipe?: UpdateRecipe;
  readonly progress?: ProgressNote;
}

/** A stage's new progress. With a lineage record, the branch that the record went to is noted in it. */
export interface ProgressNote {
  readonly run: string;
  readonly stage: string;
  readonly progress: JsonObject;
}

export interface StepLedger {
  /** A committed step's progress is noted again: it is what the stage has come to now, whoever did the step and when. */
  claim(step: StepIdentity, progress?: ProgressNote): Promise<StepClaim>;
  /** Counts a failure of the step's own work and returns how many there were; an attempt that died counts nothing. */
  countFailure(key: string): Promise<number>;
  /**
   * Throws StaleFence where a newer attempt claimed the step and it is not committed yet. With a lineage record, the
   * result's `branch` becomes the branch that the record went to.
   */
  commit(key: string, fence: number, result: Json, alongside?: CommitAlongside): Promise<StepCommit>;
}
