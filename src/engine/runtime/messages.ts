/** What the engine's two processes say to each other. Weights never travel: folders do. */
import { type ErrorType, RatchetError } from "../../core/errors.ts";
import type { FileDigest } from "../../core/ports/artifacts.ts";
import type {
  OnProgress,
  SampledResponse,
  SampleRequest,
  SamplingOptions,
  UpdateMetrics,
  UpdateRequest,
} from "../../core/ports/policy.ts";
import type { UpdateSettings } from "../training/update.ts";

/** A stored policy: its content hash, and the folder it lies in. */
export interface PolicyLocation {
  readonly hash: string;
  readonly folder: string;
  /** Where the folder holds an adapter: the policy whose weights it adds to. */
  readonly base?: PolicyLocation | undefined;
  /** Of its files; absent where it has no whole weights, or no optimizer's state. */
  readonly configSha256?: string | undefined;
  readonly weightsSha256?: string | undefined;
  readonly optimizerSha256?: string | undefined;
}

/** The first message, once per process. */
export interface StartMessage {
  readonly kind: "start";
  readonly threads: number;
  readonly provider: string;
  readonly lockFile: string;
  readonly prefixCacheBytes: number;
}

export interface SampleMessage {
  readonly kind: "sample";
  readonly policy: PolicyLocation;
  readonly requests: readonly SampleRequest[];
  readonly options: SamplingOptions;
}

export interface UpdateMessage {
  readonly kind: "update";
  readonly parent: PolicyLocation;
  readonly reference: PolicyLocation | undefined;
  readonly settings: UpdateSettings;
  readonly carryOptimizer: boolean;
  readonly lora: UpdateRequest["lora"];
  /** Empty folder for the new checkpoint. */
  readonly stagingFolder: string;
}

export type EngineRequest = SampleMessage | UpdateMessage;

export interface UpdateOutcome {
  readonly metrics: UpdateMetrics;
  /** Hash of the policy whose weights the new adapter adds to; absent where all weights were trained. */
  readonly base: string | undefined;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  /** Of the new checkpoint's large files, by name. */
  readonly files: Readonly<Record<string, FileDigest>>;
}

export type EngineResult = SampledResponse[][] | UpdateOutcome;

export type Answer =
  | { readonly kind: "result"; readonly result: EngineResult }
  /** A useless process never got the device; another one must be started. */
  | { readonly kind: "error"; readonly error: SentError; readonly useless: boolean };

/** `ready` comes once, when the process listens; then any number of `progress` and one answer for each request. */
export type EngineReply =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly done: Parameters<OnProgress>[0] }
  | Answer;

interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Absent for errors that Ratchet does not name: bugs, and what the machine does. */
  readonly type: ErrorType | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function sentError(error: unknown): SentError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const named = error instanceof RatchetError ? error : undefined;
  return { message, stack, type: named?.type, fields: named?.fields ?? {} };
}

/** The same RatchetError again; anything else is an EngineFailure. */
export function receivedError({ message, stack, type, fields }: SentError): RatchetError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (type !== undefined) return new RatchetError(type, message, fields, cause);
  return new RatchetError(
    "EngineFailure",
    `the engine failed: ${message}; the same work may be tried again, and what repeats is a bug to report`,
    fields,
    cause,
  );
}
