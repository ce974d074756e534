/** Failures as workflows see them: what lies at the bottom of one, whether a person can mend it, and what a stop is. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from "@temporalio/workflow";
import type { Trip } from "../core/learning/tripwires.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";

/** Type of the failure of an iteration that a tripwire keeps from being committed. */
const diverged = "Diverged";

/** Type of what a training parks on once its recoveries are used up: a person changes what it trains with. */
const tripped = "Tripped";

/** Failures that are nobody's input error: a person mends the machine and resumes. */
const mendable: ReadonlySet<string> = new Set([
  "ArtifactMissing",
  "ArtifactCorrupt",
  "NumericsMismatch",
  tripped,
  "StorageFull",
  "StorageUnavailable",
  "DatabaseUnavailable",
  "DatabaseRefused",
  "ServiceUnavailable",
  "EngineFailure",
  "SandboxFailure",
  "UnexpectedFailure",
]);

/** Type of the failure of work that was parked when a person stopped it. */
const stopped = "Stopped";

/** What went wrong, below the failures that Temporal wraps it in on its way through activities and children. */
function rootFailure(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return rootFailure(error.cause);
  return undefined;
}

/** Undefined where no operator can help. */
export function mendableFailure(error: unknown): ApplicationFailure | undefined {
  const failure = rootFailure(error);
  return failure?.type && mendable.has(failure.type) ? failure : undefined;
}

/** The artifact that work failed for want of, missing or damaged. */
export function lostArtifact(error: unknown): Pick<ArtifactRef, "kind" | "hash"> | undefined {
  const failure = rootFailure(error);
  if (failure?.type !== "ArtifactMissing" && failure?.type !== "ArtifactCorrupt") return undefined;
  const { kind, hash } = (failure.details?.[0] ?? {}) as Partial<ArtifactRef>;
  return kind !== undefined && hash !== undefined ? { kind, hash } : undefined;
}

/** What tripped, where that is why the work failed. The engine says only what is not finite. */
export function tripOf(error: unknown): Trip | undefined {
  const failure = rootFailure(error);
  if (failure?.type !== diverged) return undefined;
  const { measure = "training", value = null, ...rest } = (failure.details?.[0] ?? {}) as Partial<Trip>;
  return { limit: null, blames: "policy", sentence: failure.message, ...rest, measure, value };
}

export const divergedFailure = (trip: Trip): ApplicationFailure =>
  ApplicationFailure.create({ message: trip.sentence, type: diverged, nonRetryable: true, details: [trip] });

export const trippedFailure = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ message, type: tripped, nonRetryable: true });

export const stoppedWhileParked = (reason: string): ApplicationFailure =>
  ApplicationFailure.create({
    message: `stopped while it waited: ${reason}`,
    type: stopped,
    nonRetryable: true,
  });

export const isStopped = (error: unknown): boolean => rootFailure(error)?.type === stopped;
