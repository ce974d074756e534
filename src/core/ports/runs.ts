/**
 * What is known of runs, their stages and the lineage of their policies. It is what the command line, the report and a
 * resumed run read; every write is an idempotent upsert, so that an activity done twice leaves what one would.
 */
import type { Difference } from "../experiment/difference.ts";
import type { Tripwires } from "../experiment/tripwires.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Trip } from "../learning/tripwires.ts";
import type { ArtifactRef } from "./artifacts.ts";
import type { LossSettings, OptimizerSettings, UpdateRequest } from "./policy.ts";

/** `stopped` was ended by an operator; `failed` can be resumed. One that is paused or parked is running. */
export type RunState = "running" | "stopped" | "done" | "failed";

export interface RunRecord {
  /** The id that its input gives. */
  readonly run: string;
  readonly workflowType: string;
  readonly input: Json;
  readonly state: RunState;
}

/**
 * `cached`: its input hash was computed before, by this run or another, and that result was taken. `stopped` and
 * `failed`: it was under way when its run ended so; a resumed run goes on with it. `outdated`: the run has another input
 * by now, and has not said that the stage is part of it.
 */
export type StageState = "waiting" | "running" | "cached" | "done" | "stopped" | "failed" | "outdated";

export interface StageRecord {
  readonly run: string;
  /** Id within the run's DAG, e.g. "train". */
  readonly stage: string;
  /** "build", "evaluate", "train", ... */
  readonly type: string;
  readonly inputHash: string;
  readonly state: StageState;
  /** Absent leaves what is stored. Of the input hash, whatever the state: see resultOf. */
  readonly result?: Json;
  /** Absent leaves what is stored. */
  readonly progress?: Json;
}

/** What the stage has come to in its run. One that has not may still hold, for its hash and its name, what it made last. */
export function resultOf({ state, result }: Pick<StageRecord, "state" | "result">): Json | undefined {
  return state === "done" || state === "cached" || state === "stopped" ? result : undefined;
}

/** One policy update: which state it started from and which it made. */
export interface LineageRecord {
  readonly run: string;
  readonly stage: string;
  readonly branch: number;
  /** 1 is the stage's first update. */
  readonly iteration: number;
  /** Key of the step that computed it. */
  readonly stepKey: string;
  /** Hash of the checkpoint the update started from; links a branch to the one it left. */
  readonly parent: string;
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  readonly metrics: JsonObject;
}

/** An iteration that was not committed because a tripwire tripped, and what was done about it. */
export interface TripRecord {
  readonly run: string;
  readonly stage: string;
  readonly branch: number;
  readonly iteration: number;
  /** Hash of the checkpoint that the iteration started from. */
  readonly parent: string;
  readonly trip: Trip;
  readonly action: Tripwires["recovery"];
  /** What it led to, for people. */
  readonly outcome: string;
  /** Hash of the input's settings, as `judgedWith` gives it; absent in older records. */
  readonly settings?: string;
}

export interface StoredTrip extends TripRecord {
  /** Hash of the record: a trip that repeats is the same. */
  readonly id: string;
}

/** What a person changed in a training under way. */
export interface ChangeRecord {
  readonly run: string;
  readonly stage: string;
  /** Of the message that asked for it, which Temporal sends again to a workflow that is reset. */
  readonly id: string;
  /** The first that it holds for. */
  readonly iteration: number;
  /** Id of the newest trip before it, after which it holds; absent where nothing had tripped. */
  readonly afterTrip?: string;
  /** `from` is what the training's input says. */
  readonly changes: readonly Difference[];
}

/** Everything an update is a function of: from it the checkpoint can be made again, byte for byte. */
export interface UpdateRecipe {
  /** Full state: weights and optimizer. */
  readonly parent: ArtifactRef;
  /** Policy of the KL term, where there is one. */
  readonly reference: ArtifactRef | null;
  readonly batch: ArtifactRef;
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  readonly packTokens: number;
  readonly activations?: UpdateRequest["activations"];
  readonly carryOptimizer: boolean;
  readonly lora?: UpdateRequest["lora"];
}

/** The update that made a checkpoint. */
export interface KnownUpdate {
  readonly run: string;
  readonly stage: string;
  readonly iteration: number;
  /** Key of the step that computed it. */
  readonly stepKey: string;
  readonly checkpoint: ArtifactRef;
  readonly recipe: UpdateRecipe;
}

/** What a run computes with, and whether somebody let it go on with something else than before. */
export interface HeldNumerics {
  readonly numerics: JsonObject;
  /** `asked`: the next device work records its own. `given`: it did, at least once. */
  readonly change: "none" | "asked" | "given";
}

/** From here on the run's bits are others than they would have been. */
export interface NumericsChange {
  readonly run: string;
  /** The last update before it; null where there was none. */
  readonly after: Pick<LineageRecord, "stage" | "branch" | "iteration"> | null;
  readonly from: JsonObject;
  readonly to: JsonObject;
}

/** What a policy that a run names stood for when the run first asked: a branch of the Hub, as its commit. */
export interface PolicyPin {
  readonly run: string;
  /** As the input has it: "hf:org/name@main". */
  readonly source: string;
  readonly pinned: string;
}

export interface CachedStage {
  readonly run: string;
  readonly stage: string;
  readonly result: Json;
  /** That the run holds, null for a build: it computes with none. */
  readonly numerics: JsonObject | null;
}

export interface RunStore {
  /**
   * The same store for one attempt at something: what it puts of runs and stages replaces nothing that a later attempt has
   * put, so that one which was frozen and goes on changes nothing. Of progress alone the last word counts, while a stage runs.
   */
  fenced(): Promise<RunStore>;
  /** One transaction: where the input is another than before, what the run's stages have reached is outdated. */
  putRun(run: RunRecord): Promise<void>;
  getRun(run: string): Promise<RunRecord | undefined>;
  newestRun(): Promise<RunRecord | undefined>;
  /**
   * "waiting" only makes a stage known: a resumed run keeps what its stages have reached, and one that is outdated waits.
   * A late write of "running" never hides that the stage with this input is done.
   */
  putStage(stage: StageRecord): Promise<void>;
  /** The stages wait again: what they need is made anew. What they made before is found by its hash. */
  awaitAgain(run: string, stages: readonly string[]): Promise<void>;
  /** How far a stage is; nothing where the stage is unknown. */
  putProgress(run: string, stage: string, progress: Json): Promise<void>;
  /** In the order the stages were first put. */
  getStages(run: string): Promise<StageRecord[]>;
  /** Stages of every run that built or calibrated environments and have a result, in the order they were first put. */
  getBuilds(): Promise<StageRecord[]>;
  /**
   * A stage's result for this input hash, the earliest first: of this run, or of one whose numerics never changed and, where
   * the engine was at it, are this run's, as far as it has any.
   */
  findCachedStage(inputHash: string, run: string): Promise<CachedStage | undefined>;
  /** The updates that led to a branch's newest state, first iteration first, over the branches it came from. */
  lineageOf(run: string, stage: string, branch: number): Promise<LineageRecord[]>;
  /**
   * Keeps what a person changed, once for each run, stage and id: put again, nothing changes. Returns what is kept.
   */
  putChange(change: ChangeRecord): Promise<ChangeRecord>;
  /** In the order they were made. */
  changesOf(run: string): Promise<ChangeRecord[]>;
  /**
   * As putRun; and in the same transaction, what was changed in the stage after the iteration is dropped. Until somebody
   * begins it, the run is stopped: with this input it is not done, and what it goes on after is needed.
   */
  goBack(run: RunRecord, stage: string, iteration: number): Promise<void>;
  /** Once, however often the same trip is put. */
  putTrip(trip: TripRecord): Promise<void>;
  /** In the order they were first put. */
  tripsOf(run: string): Promise<StoredTrip[]>;
  /** The first update of any run that made this checkpoint; undefined for a policy from elsewhere. */
  updateThatMade(checkpoint: string): Promise<KnownUpdate | undefined>;
  /** What the run's first device work computed with: the first caller's is kept, and given to all, until a change is asked. */
  holdNumerics(run: string, numerics: JsonObject): Promise<HeldNumerics>;
  /** The next to hold numerics replaces the run's. `declared` stands for them where it has computed nothing yet. */
  askNumericsChange(run: string, declared: JsonObject): Promise<void>;
  /** Undefined before the run's first device work. */
  numericsOf(run: string): Promise<HeldNumerics | undefined>;
  /** In the order they came about. */
  numericsChangesOf(run: string): Promise<NumericsChange[]>;
  /** The first for a run and source is kept, whatever comes later. Returns what is kept. */
  putPin(pin: PolicyPin): Promise<PolicyPin>;
  pinsOf(run: string): Promise<PolicyPin[]>;
  /** What the runs' inputs name as the policy to start from, and what that was pinned to, each once: "tiny", a folder. */
  policySources(): Promise<string[]>;
}
