/**
 * The one way an activity does work: claim the step, or take the result that is already committed; do the work; commit
 * under the fence. Doing an activity twice is thereby doing it once, whoever runs it and whenever.
 */
import { activityInfo, heartbeat } from "@temporalio/activity";
import { contentHash } from "../core/hash.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { CommitAlongside, StepLedger } from "../core/ports/steps.ts";
import { countingFailures, giveUpOrRetry } from "./failures.ts";

/** Which run a piece of work belongs to, and how far its stage is once it is done. */
export interface StepContext {
  readonly run: string;
  readonly stage: string;
  readonly branch: number;
  /** The input's seed; the only source of randomness. */
  readonly seed: number;
  /** 1 is the stage's first iteration; 0 where there is none. */
  readonly iteration: number;
  /** The stage's progress after this step, in `unit`s; absent leaves it. */
  readonly progress?: StageProgress;
}

export interface StageProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** One line for the terminal: "reward 0.41, 12 of 16 groups differ". */
  readonly note?: string;
  /** Of a training that has made or taken over an update: the branch of the lineage that it is on. */
  readonly branch?: number;
}

export interface Step<T> {
  readonly kind: string;
  /** Another one where the step's meaning changed, so that old results are not taken for new ones. */
  readonly version: Json;
  readonly context: StepContext;
  /** Everything the result depends on, in order. */
  readonly inputs: Json;
  readonly work: (key: string) => Promise<{ readonly result: T; readonly alongside?: CommitAlongside }>;
}

/** The longest a step that waits on the worker's own I/O may go without a heartbeat. */
const heartbeatEveryMs = 1_000;

export async function runStep<T>(ledger: StepLedger, step: Step<T>): Promise<T> {
  const { kind, version, context, inputs } = step;
  const key = contentHash([kind, version, context.run, context.stage, inputs]);
  const { run, stage, branch, iteration } = context;
  const progress = context.progress && { run, stage, progress: { ...context.progress } as JsonObject };
  try {
    const claim = await whileAlive(() => ledger.claim({ key, kind, run, branch, iteration }, progress));
    if (claim.state === "committed") return claim.result as T;
    const { result, alongside } = await step.work(key);
    const commit = () =>
      ledger.commit(key, claim.fence, result as Json, { ...alongside, ...(progress ? { progress } : {}) });
    return (await whileAlive(commit)).result as T;
  } catch (error) {
    throw await whileAlive(() => giveUpOrRetry(ledger, key, error));
  }
}

/**
 * Heartbeats while the worker itself is busy with I/O it cannot report on in detail, the ledger's above all: a slow
 * database is no dead worker. The engine's work must not use it: there only the engine's progress counts as life.
 */
export async function whileAlive<T>(work: () => Promise<T>): Promise<T> {
  if (activityInfo().heartbeatTimeoutMs === undefined) return work();
  const timer = setInterval(() => heartbeat(), heartbeatEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * For activities whose writes are idempotent upserts, or that only read: no step of the ledger, the same bound on how
 * often they fail before their workflow parks.
 */
export function guarded<I, O, More extends unknown[] = []>(
  work: (input: I, ...more: More) => Promise<O>,
): (input: I, ...more: More) => Promise<O> {
  return (input, ...more) => countingFailures(() => whileAlive(() => work(input, ...more)));
}

/**
 * Guarded, and given a store of its own to record runs and stages in: what a later attempt has recorded stays, whenever
 * this one comes to write.
 */
export const recordingIn =
  (runs: RunStore) =>
  <I, O>(work: (input: I, runs: RunStore) => Promise<O>): ((input: I) => Promise<O>) =>
    guarded(async (input: I) => work(input, await runs.fenced()));
