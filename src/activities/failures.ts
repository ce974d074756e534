/**
 * What becomes of an activity that failed: it is tried again, given up so that its workflow parks, or failed at once. Only
 * failures of the work itself count towards giving it up; an attempt lost to a dead worker throws nothing.
 */
import { activityInfo, log } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { type ErrorType, RatchetError } from "../core/errors.ts";
import type { StepLedger } from "../core/ports/steps.ts";

/** What a workflow parks on when work fails in a way nobody foresaw. */
const unexpectedFailure = "UnexpectedFailure";
/** Failures of the work itself before it is given up: some 3 s of retries, enough for what passes by itself. */
const mostFailures = 5;

/**
 * An attempt that Temporal gave up may claim the step late, after its successor: then it is the successor that is overtaken,
 * and it has to claim again. A true zombie is not asked any more, whatever it throws. Services come back, or the
 * supervisor gives up and says so.
 */
const saysNothingOfTheWork: ReadonlySet<ErrorType> = new Set([
  "DatabaseUnavailable",
  "TemporalUnavailable",
  "StaleFence",
]);

/**
 * Failures of what no row of the ledger stands for, or whose ledger cannot be written: it may be Postgres's own disk that
 * is full. A worker that dies forgets them, which costs a few more tries.
 */
const countedHere = new Map<string, number>();

function countHere(work: string): number {
  const failures = (countedHere.get(work) ?? 0) + 1;
  if (failures < mostFailures) countedHere.set(work, failures);
  else countedHere.delete(work);
  return failures;
}

/** What a failed attempt at a step throws: the failure as Temporal shall see it. */
export function giveUpOrRetry(ledger: StepLedger, key: string, error: unknown): Promise<unknown> {
  return judge(error, () => ledger.countFailure(key).catch(() => countHere(key)));
}

/** The same for activities that are no step, from the first failure of this one to its success. */
export async function countingFailures<T>(work: () => Promise<T>): Promise<T> {
  const { workflowExecution, activityId } = activityInfo();
  const name = `${workflowExecution?.runId} ${activityId}`;
  try {
    const result = await work();
    countedHere.delete(name);
    return result;
  } catch (error) {
    throw await judge(error, async () => countHere(name));
  }
}

async function judge(error: unknown, count: () => Promise<number>): Promise<unknown> {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const named = error instanceof RatchetError;
  if (named && (!error.retryable || saysNothingOfTheWork.has(error.type))) return toFailure(error, false);
  const isGivenUp = (await count()) % mostFailures === 0;
  if (named) return toFailure(error, isGivenUp);
  const foreign = error instanceof Error ? error : new Error(String(error));
  if (!isGivenUp) return shortened(foreign);
  const { message } = foreign;
  return failureOf(foreign, { message, type: unexpectedFailure, nonRetryable: true });
}

/** Maps the closed list of errors to Temporal's: the type keeps its name, and only what can help is retried. */
function toFailure(error: RatchetError, isGivenUp: boolean): ApplicationFailure {
  if (error.type === "StaleFence") log.warn("a newer attempt took this step over", { ...error.fields });
  return failureOf(error, {
    message: error.message,
    type: error.type,
    nonRetryable: isGivenUp || !error.retryable,
    details: [error.fields],
  });
}

function failureOf(
  error: Error,
  options: Parameters<typeof ApplicationFailure.create>[0],
): ApplicationFailure {
  const { stack, cause } = shortened(error);
  const failure = ApplicationFailure.create({ ...options, ...(cause instanceof Error && { cause }) });
  return Object.assign(failure, { stack });
}

/**
 * What was said and where, and of causes only what they said: of an activity that is tried again Temporal shows no failure
 * above 4 KiB, not even its sentence, and stacks of four causes are more than that.
 */
function shortened({ name, message, stack, cause }: Error): Error {
  const short = new Error(message, cause instanceof Error ? { cause: sentence(cause) } : {});
  return Object.assign(short, { name, stack: stack?.split("\n").slice(0, shownFrames).join("\n") ?? "" });
}

const shownFrames = 8;

function sentence({ name, message, cause }: Error): Error {
  const said = new Error(message, cause instanceof Error ? { cause: sentence(cause) } : {});
  return Object.assign(said, { name, stack: `${name}: ${message}` });
}
