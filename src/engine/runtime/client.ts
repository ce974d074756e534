/**
 * The embedded engine as the rest of Ratchet meets it: it samples and updates stored policies, one request at a time, in
 * a child process that starts with the first request and starts again after it died. Requests run in the order they came.
 */
import { rm } from "node:fs/promises";
import type { ArtifactRef, ArtifactStore } from "../../core/ports/artifacts.ts";
import type {
  OnProgress,
  PolicySampler,
  PolicyTrainer,
  SampledResponse,
  UpdateRequest,
  UpdateResult,
} from "../../core/ports/policy.ts";
import { standardCacheBytes } from "../sampling/block-cache.ts";
import { beating } from "./beat.ts";
import { EngineProcess, type ProcessOptions } from "./engine-process.ts";
import { isUnreadable, locatePolicy, readManifest, verifyAgain } from "./locate.ts";
import type { EngineRequest, EngineResult, PolicyLocation, UpdateOutcome } from "./messages.ts";
import { describeNumerics, numericsMismatch } from "./numerics.ts";
import { createTurns } from "./turns.ts";

export interface EngineOptions extends Omit<ProcessOptions, "provider" | "prefixCacheBytes"> {
  readonly artifacts: Pick<ArtifactStore, "pathOf" | "verifyAgain" | "stagingFolder" | "adoptFolder">;
  /** Execution provider of ONNX Runtime; "cpu", which is always there, by default. */
  readonly provider?: string;
  /** Most bytes of keys and values kept of prompts; an eighth of the memory by default. Changes no result. */
  readonly prefixCacheBytes?: number;
  /** Told when a process starts. */
  readonly log?: (line: string) => void;
}

/** Requests that fail because the process died throw EngineFailure; the next one finds a new process. */
export interface Engine extends PolicySampler, PolicyTrainer {
  /** Of the living engine process, if there is one. */
  pid(): number | undefined;
  /** Ends the engine process, and its work with it. */
  close(): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  const { artifacts, threads } = options;
  const inTurn = createTurns();
  let engine: EngineProcess | undefined;

  const ask = (
    request: EngineRequest,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<EngineResult> => {
    if (!engine?.alive) {
      const { provider = "cpu", prefixCacheBytes = standardCacheBytes } = options;
      engine = new EngineProcess({ ...options, provider, prefixCacheBytes });
      options.log?.(`engine process ${engine.pid} started with ${threads} threads`);
    }
    return engine.request(request, onProgress, signal).catch(async (error: unknown) => {
      if (!isUnreadable(error)) throw error;
      const policies = request.kind === "sample" ? [request.policy] : [request.parent, request.reference];
      const read = policies.filter((policy) => policy !== undefined);
      await beating("verifying a checkpoint again", onProgress, verifyAgain(artifacts, read));
      throw error;
    });
  };

  const locate = (ref: ArtifactRef, onProgress: OnProgress): Promise<PolicyLocation> =>
    beating("verifying a checkpoint", onProgress, locatePolicy(artifacts, ref));

  const update = async (
    request: UpdateRequest,
    stagingFolder: string,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<UpdateResult> => {
    const { parent, reference, carryOptimizer, lora, acceptNumerics = false, ...settings } = request;
    const from = await locate(parent, onProgress);
    if (!acceptNumerics) await refuseOtherNumerics(from.folder, threads);
    const message = {
      kind: "update",
      parent: from,
      reference: reference && (await locate(reference, onProgress)),
      settings,
      carryOptimizer,
      lora,
      stagingFolder,
    } as const;
    const { metrics, base, files, ...hashes } = (await ask(message, onProgress, signal)) as UpdateOutcome;
    const facts = {
      parent: parent.hash,
      reference: reference?.hash ?? null,
      numerics: describeNumerics(threads),
      ...(base !== undefined && { base }),
    };
    const known = new Map(Object.entries(files));
    const stored = artifacts.adoptFolder("checkpoint", stagingFolder, facts, known);
    const checkpoint = await beating("storing the checkpoint", onProgress, stored);
    return { checkpoint, ...hashes, metrics };
  };

  return {
    sample: (ref, requests, samplingOptions, onProgress, signal) =>
      inTurn(signal, async () => {
        const policy = await locate(ref, onProgress);
        const message = { kind: "sample", policy, requests, options: samplingOptions } as const;
        return (await ask(message, onProgress, signal)) as SampledResponse[][];
      }),
    update: (request, onProgress, signal) =>
      inTurn(signal, async () => {
        const stagingFolder = await artifacts.stagingFolder();
        try {
          return await update(request, stagingFolder, onProgress, signal);
        } catch (error) {
          // Half a checkpoint may be gigabytes, and the next attempt writes its own.
          await rm(stagingFolder, { recursive: true, force: true });
          throw error;
        }
      }),
    pid: () => (engine?.alive ? engine.pid : undefined),
    close: async () => engine?.end(),
  };
}

/** A checkpoint that an update made goes on only with the numerics that made it; a policy from elsewhere has none. */
async function refuseOtherNumerics(folder: string, threads: number): Promise<void> {
  const { numerics } = await readManifest(folder);
  const mismatch = numerics && numericsMismatch(numerics, describeNumerics(threads));
  if (mismatch) throw mismatch;
}
