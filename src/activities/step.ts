/**
 * The one way an activity does work: claim the step, or take the result that is already committed; do the work; commit
 * under the fence. Doing an activity twice is thereby doing it once, whoever runs it and whenever.
 */
import { activityInfo, heartbeat, log } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { type ErrorType, RatchetError } from "../core/errors.ts";
import { contentHash } from "../core/hash.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { CommitAlongside, StepLedger } from "../core/ports/steps.ts";

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
}

export interface Step<T> {
  readonly kind: string;
  /** Raised when the step's meaning changes, so that old results are not taken for new ones. */
  readonly version: number;
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
  try {
    const claim = await ledger.claim({
      key,
      kind,
      run: context.run,
      branch: context.branch,
      iteration: context.iteration,
    });
    if (claim.state === "committed") return claim.result as T;
    const { result, alongside } = await step.work(key);
    const progress = context.progress && {
      run: context.run,
      stage: context.stage,
      progress: { ...context.progress } as JsonObject,
    };
    return (await ledger.commit(key, claim.fence, result as Json, {
      ...alongside,
      ...(progress ? { progress } : {}),
    })) as T;
  } catch (error) {
    throw await giveUpOrRetry(ledger, key, error);
  }
}

/** What a workflow parks on when work fails in a way nobody foresaw. */
const unexpectedFailure = "UnexpectedFailure";
/** Failures of a step's own work before it is given up and its workflow parks; lost attempts are not counted. */
const mostFailures = 5;

/**
 * An attempt that Temporal gave up may claim the step late, after its successor: then it is the successor that is overtaken,
 * and it has to claim again. A true zombie is not asked any more, whatever it throws.
 */
const saysNothingOfTheWork: ReadonlySet<ErrorType> = new Set(["DatabaseUnavailable", "StaleFence"]);

/** What to throw: the failure as Temporal shall see it, not to be retried once the step's work has failed too often. */
export async function giveUpOrRetry(ledger: StepLedger, key: string, error: unknown): Promise<unknown> {
  if (error instanceof CancelledFailure) return error;
  const named = error instanceof RatchetError;
  if (named && (!error.retryable || saysNothingOfTheWork.has(error.type))) return toFailure(error);
  const failures = await ledger.countFailure(key).catch(() => 0);
  const givenUp = failures > 0 && failures % mostFailures === 0;
  if (named || !givenUp) return toFailure(error, givenUp);
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    message,
    type: unexpectedFailure,
    nonRetryable: true,
    cause: error as Error,
  });
}

/** Maps the closed list of errors to Temporal's: the type keeps its name, and only what can help is retried. */
export function toFailure(error: unknown, givenUp = false): unknown {
  if (!(error instanceof RatchetError)) return error;
  if (error.type === "StaleFence") log.warn("a newer attempt took this step over", { ...error.fields });
  return ApplicationFailure.create({
    message: error.message,
    type: error.type,
    nonRetryable: givenUp || !error.retryable,
    details: [error.fields],
    cause: error,
  });
}

/**
 * Heartbeats while the worker itself is busy with I/O it cannot report on in detail. Device work must not use it: there
 * only the engine's progress counts as life.
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

/** For activities whose writes are idempotent upserts, or that only read: no step of the ledger, the same error mapping. */
export function guarded<I, O>(work: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return (input) =>
    whileAlive(() => work(input)).catch((error) => {
      throw toFailure(error);
    });
}
