/**
 * Every failure Ratchet names, as one closed list. A message says what was tried, the value, the limit and the next
 * step; `retryable` says whether doing the same again can help. Activities map these to Temporal's ApplicationFailure.
 */
const errorTypes = [
  "InvalidInput", // the person's input is wrong; the message names field, value, limit and next step
  "PromptTooLong", // a prompt exceeds the policy's context
  "ArtifactMissing", // a referenced artifact is not in the store
  "ArtifactCorrupt", // an artifact's bytes do not have the hash they are named by
  "ModelUnreadable", // a model file is truncated, of an unknown type or architecture
  "Diverged", // what training computed is not finite, or beyond a limit of its tripwires
  "NumericsMismatch", // another thread count, CPU or version than the run recorded
  "StaleFence", // this attempt was overtaken; its result must not be committed, another attempt's may
  "StorageFull", // no room left on the artifact or database disk
  "StorageUnavailable", // the artifact disk is read-only, fails, or is not ours to write
  "DatabaseUnavailable", // it does not answer, or takes no writes for now
  "DatabaseRefused", // it answers, and denies us the password, the user, the database or the right
  "TemporalUnavailable",
  "ServiceUnavailable", // an embedded service could not be started (port taken, binary missing)
  "EngineFailure", // the engine process died or fell silent
  "SandboxFailure", // the sandbox machinery failed, not the tool
  "EnvironmentsExhausted", // too few environments passed the gates
] as const;
export type ErrorType = (typeof errorTypes)[number];

const retryableTypes: ReadonlySet<ErrorType> = new Set([
  "StaleFence",
  "StorageFull",
  "StorageUnavailable",
  "DatabaseUnavailable",
  "TemporalUnavailable",
  "ServiceUnavailable",
  "EngineFailure",
  "SandboxFailure",
]);

/** What was stored is gone or damaged; whoever made it may be able to make it again. */
export const isLost = (error: unknown): boolean =>
  error instanceof RatchetError && (error.type === "ArtifactMissing" || error.type === "ArtifactCorrupt");

export class RatchetError extends Error {
  readonly type: ErrorType;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(type: ErrorType, message: string, fields: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RatchetError";
    this.type = type;
    this.fields = fields;
  }

  get retryable(): boolean {
    return retryableTypes.has(this.type);
  }
}
