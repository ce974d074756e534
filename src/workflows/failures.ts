/** Failures as workflows see them: what lies at the bottom of one, whether a person can mend it, and what a stop is. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from "@temporalio/workflow";
import type { ArtifactRef } from "../core/ports/artifacts.ts";

/** Failures that are nobody's input error: a person mends the machine and resumes. */
const mendable: ReadonlySet<string> = new Set([
  "ArtifactMissing",
  "ArtifactCorrupt",
  "NumericsMismatch",
  "StorageFull",
  "DatabaseUnavailable",
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

export const stoppedWhileParked = (reason: string): ApplicationFailure =>
  ApplicationFailure.create({
    message: `stopped while it waited: ${reason}`,
    type: stopped,
    nonRetryable: true,
  });

export const isStopped = (error: unknown): boolean => rootFailure(error)?.type === stopped;
