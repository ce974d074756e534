/** What activities receive; only composition roots (`src/workers/`) construct it. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import type { EnvironmentAuthor } from "../core/ports/author.ts";
import type { ChatCodec, OnProgress, PolicySampler, PolicyTrainer } from "../core/ports/policy.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import type { StepLedger } from "../core/ports/steps.ts";

interface StorePorts {
  readonly artifacts: ArtifactStore;
  readonly ledger: StepLedger;
  /** The tokenizer and template that travel with the policy. */
  codec(policy: ArtifactRef): Promise<ChatCodec>;
}

export interface CpuPorts extends StorePorts {
  readonly runs: RunStore;
  readonly author: EnvironmentAuthor;
  readonly sandbox: Sandbox;
  /** Threads of this deployment's engine: part of the numerics. */
  readonly engineThreads: number;
  /** Parsed and kept; a set is read by every turn of every shard. */
  environmentSet(ref: ArtifactRef): Promise<EnvironmentSet>;
  /** Fetches or makes the named policy in Hugging Face layout and stores it: "tiny", "smollm2-135m-instruct", a folder. */
  preparePolicy(source: string): Promise<ArtifactRef>;
  /** The source with what it names now in the place of what may name something else tomorrow: a branch's commit. */
  pinPolicy(source: string): Promise<string>;
  /** Removes checkpoints nobody needs; the named ones stay. */
  collectGarbage(keep: readonly string[]): Promise<void>;
  /**
   * Null while the workflow runs; `cutShort` where it was ended from outside and says nothing of its work. One that was
   * begun with another input than this one, where one is given, does other work: it is ended, and cut short.
   */
  peekWorkflow(
    workflowId: string,
    input?: unknown,
  ): Promise<
    { result: unknown } | { failure: string; type: string; details: readonly unknown[] } | "cutShort" | null
  >;
}

export interface DevicePorts extends StorePorts {
  /**
   * Waits for the device, heartbeating, then runs the work on the engine alone; from there on only the engine's
   * progress heartbeats. The signal is the activity's cancellation. Throws NumericsMismatch where the run has computed
   * with other numerics than this worker's.
   */
  device<T>(
    run: string,
    work: (engine: PolicySampler & PolicyTrainer, onProgress: OnProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}
