/** What the engine process does when asked: samples a shard, or updates a policy and writes the new checkpoint. */
import type { OnProgress, SampledResponse } from "../../core/ports/policy.ts";
import { storageFailure } from "../../core/storage-failure.ts";
import { readAdapter } from "../formats/adapter-file.ts";
import {
  type OptimizerState,
  readOptimizerState,
  requirePolicyTexts,
  writeCheckpoint,
} from "../formats/checkpoint.ts";
import { newAdapter, sameLora } from "../model/adapter.ts";
import {
  type Allocate,
  emptyLike,
  emptyWeights,
  type Parameters,
  trainedParameters,
  type Weights,
} from "../model/weights.ts";
import type { AdamState } from "../optimizer/adamw.ts";
import { BlockCache, standardCacheBytes } from "../sampling/block-cache.ts";
import { standardLimits } from "../sampling/limits.ts";
import { sampleShard } from "../sampling/sample.ts";
import { runUpdate } from "../training/update.ts";
import { Arenas } from "./arenas.ts";
import { beating } from "./beat.ts";
import { LoadedPolicies } from "./loaded-policies.ts";
import type {
  EngineRequest,
  EngineResult,
  PolicyLocation,
  SampleMessage,
  UpdateMessage,
  UpdateOutcome,
} from "./messages.ts";
import { Runtime } from "./session.ts";

const reading = "reading weights";
/**
 * Sessions hold a graph of some 60 nodes and no weights, 1 MB each, but every one has a thread pool of its own. A long
 * prompt's blocks and a shrinking batch use about a hundred.
 */
export const sessionCapacity = (threads: number) => Math.max(48, Math.min(192, Math.floor(512 / threads)));

export interface EngineWork {
  readonly runtime: Runtime;
  readonly arenas: Arenas;
  readonly policies: LoadedPolicies;
  readonly cache: BlockCache;
}

export function createEngineWork(
  threads: number,
  provider: string,
  prefixCacheBytes = standardCacheBytes,
): EngineWork {
  const arenas = new Arenas();
  return {
    runtime: new Runtime({ threads, provider, sessionCapacity: sessionCapacity(threads) }),
    arenas,
    policies: new LoadedPolicies(arenas),
    cache: new BlockCache(prefixCacheBytes),
  };
}

/** One request at a time. */
export function perform(
  engine: EngineWork,
  request: EngineRequest,
  onProgress: OnProgress,
): Promise<EngineResult> {
  engine.policies.reclaim();
  return request.kind === "sample"
    ? sample(engine, request, onProgress)
    : update(engine, request, onProgress);
}

async function sample(
  { runtime, policies, cache }: EngineWork,
  { policy, requests, options }: SampleMessage,
  onProgress: OnProgress,
): Promise<SampledResponse[][]> {
  const loaded = await beating(reading, onProgress, policies.get(policy));
  const sampling = {
    ...(await loaded.sampling()),
    tokenBytes: options.stop && (await loaded.tokenBytes()),
  };
  cache.keepOnly(policies.hashes);
  return sampleShard({ runtime, cache, limits: standardLimits }, sampling, requests, options, onProgress);
}

/** Reads the parent's state, changes it in place and writes the successor. */
async function update(
  { runtime, policies, arenas }: EngineWork,
  message: UpdateMessage,
  onProgress: OnProgress,
): Promise<UpdateOutcome> {
  const { parent, settings, stagingFolder } = message;
  await requirePolicyTexts(parent.folder);
  policies.forgetUnless(parent);
  const reference =
    message.reference && (await beating(reading, onProgress, policies.get(message.reference))).weights;
  const { weights, base, goesOn } = await beating(reading, onProgress, trainable(policies, message));
  const trained = trainedParameters(weights);
  // An adapter's are small, and would take the place of whole policies' arenas.
  const allocate = weights.adapter ? undefined : arenas.take;
  const stored =
    message.carryOptimizer && goesOn
      ? (policies.takeOptimizer(parent) ??
        (await beating(reading, onProgress, readOptimizerState(parent.folder, trained, allocate))))
      : undefined;
  policies.forgetUnless();
  const state = stored ?? { step: 0, m: zerosLike(trained, allocate), v: zerosLike(trained, allocate) };
  const optimizer: AdamState = { step: state.step, m: state.m.arena, v: state.v.arena };
  // Where the reference is the parent itself, the arena that is about to change must not be it.
  const copied = reference?.arena === trained.arena ? copyOf(weights, allocate) : undefined;
  const gradients = emptyLike(trained, allocate);
  const metrics = await runUpdate(
    runtime,
    { weights, optimizer, reference: copied ?? reference, gradients },
    settings,
    onProgress,
  );
  const successor: OptimizerState = { ...state, step: optimizer.step };
  const writing = "writing the checkpoint";
  const written = await beating(writing, onProgress, write(stagingFolder, parent.folder, weights, successor));
  if (weights.adapter === undefined) {
    const { weightsSha256, optimizerSha256 } = written;
    const { configSha256 } = parent; // copied byte for byte
    policies.remember({ configSha256, weightsSha256, optimizerSha256, weights, optimizer: successor });
    arenas.give(gradients.arena);
    if (copied) arenas.give(copied.arena);
  }
  return { metrics, base: base?.hash, ...written };
}

function zerosLike(parameters: Parameters, allocate?: Allocate): Parameters {
  const zeros = emptyLike(parameters, allocate);
  zeros.arena.fill(0);
  return zeros;
}

interface Trainable {
  /** In memory of their own where they change. */
  readonly weights: Weights;
  /** The policy that stays frozen under an adapter. */
  readonly base?: PolicyLocation;
  /** The parent's moments are of what is trained: not so of a new adapter, nor of weights that one was merged into. */
  readonly goesOn: boolean;
}

async function trainable(policies: LoadedPolicies, { parent, lora }: UpdateMessage): Promise<Trainable> {
  if (lora === undefined) return { weights: await policies.take(parent), goesOn: parent.base === undefined };
  const { seed, ...settings } = lora;
  if (parent.base) {
    const weights = (await policies.get(parent.base)).weights;
    const adapter = await readAdapter(parent.folder, weights.config);
    if (sameLora(adapter.settings, settings))
      return { weights: { ...weights, adapter }, base: parent.base, goesOn: true };
  }
  const { weights } = await policies.get(parent);
  const adapter = newAdapter(weights.config, settings, seed);
  return { weights: { ...weights, adapter }, base: parent, goesOn: false };
}

function copyOf(weights: Weights, allocate?: Allocate): Weights {
  const copy = emptyWeights(weights.config, allocate);
  copy.arena.set(weights.arena);
  return copy;
}

async function write(folder: string, parentFolder: string, weights: Weights, optimizer: OptimizerState) {
  try {
    const written = await writeCheckpoint(folder, parentFolder, weights, optimizer);
    return { ...written, optimizerSha256: written.optimizerSha256! };
  } catch (cause) {
    const megabytes = Math.ceil((3 * trainedParameters(weights).arena.byteLength) / 1e6);
    throw storageFailure(cause, `write a checkpoint of ${megabytes} MB to ${folder}`);
  }
}
