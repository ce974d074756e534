/**
 * The weights of the policies used last, at most two: one that samples or trains, and its reference, which is often the base
 * of an adapter too. An adapter is sampled merged into its base. What an update left in memory spares whoever goes on with it
 * the reading of its files.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { readAdapter } from "../formats/adapter-file.ts";
import { type OptimizerState, readWeights } from "../formats/checkpoint.ts";
import { readJson } from "../formats/json-text.ts";
import { unreadable } from "../formats/unreadable.ts";
import { mergeAdapter } from "../model/adapter.ts";
import type { Weights } from "../model/weights.ts";
import { type SamplingPolicy, samplingPolicy } from "../sampling/policy.ts";
import { readTokenBytes } from "../tokenizer/token-bytes.ts";
import type { Arenas } from "./arenas.ts";
import type { PolicyLocation } from "./messages.ts";

const kept = 2;

export interface LoadedPolicy {
  readonly weights: Weights;
  /** Made when first asked for: an update needs no stop tokens and no tables of all positions. */
  readonly sampling: () => Promise<SamplingPolicy>;
  /** By token id; read when first asked for, as stop strings alone need them. */
  readonly tokenBytes: () => Promise<readonly Uint8Array[]>;
}

/** What an update wrote, by the digests of its files: whole weights, which change no more, and the optimizer's state. */
export interface Successor {
  readonly configSha256: string | undefined;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
  readonly weights: Weights;
  readonly optimizer: OptimizerState;
}

export class LoadedPolicies {
  readonly #arenas: Arenas;
  /** By content hash, in order of use, the oldest first. */
  readonly #policies = new Map<string, LoadedPolicy>();
  /** No longer kept; the work that made them go may still use them. */
  readonly #outgoing: LoadedPolicy[] = [];
  /** Less what was asked for since. */
  #successor: Partial<Successor> = {};

  constructor(arenas: Arenas) {
    this.#arenas = arenas;
  }

  /** Content hashes of those in memory. */
  get hashes(): readonly string[] {
    return [...this.#policies.keys()];
  }

  /** Throws ModelUnreadable. */
  async get(location: PolicyLocation): Promise<LoadedPolicy> {
    const { hash, base } = location;
    const known = this.#policies.get(hash);
    const baseWeights = known === undefined && base ? (await this.get(base)).weights : undefined;
    this.#policies.delete(hash);
    // The oldest goes before the new one comes: two in memory, not three.
    for (const [oldest, policy] of this.#policies) {
      if (this.#policies.size < kept) break;
      this.#policies.delete(oldest);
      this.#outgoing.push(policy);
    }
    const policy = known ?? (await this.#load(location, baseWeights));
    this.#policies.set(hash, policy);
    return policy;
  }

  /** Called between two pieces of work, when nobody uses what is not kept: its memory is for others from now on. */
  reclaim(): void {
    for (const { weights } of this.#outgoing.splice(0)) this.#arenas.give(weights.arena);
  }

  /** Gives weights away to be changed in place: nobody finds them here any more. */
  async take(location: PolicyLocation): Promise<Weights> {
    const { weights } = await this.get(location);
    this.#policies.delete(location.hash);
    return weights;
  }

  /** Keeps what an update made, which is not its maker's to change any more. */
  remember(successor: Successor): void {
    this.#successor = successor;
  }

  /** Gives the optimizer's state away to be changed in place, where it is this policy's. */
  takeOptimizer(location: PolicyLocation): OptimizerState | undefined {
    this.forgetUnless(location);
    const { optimizer, ...rest } = this.#successor;
    this.#successor = rest;
    return optimizer;
  }

  /** The memory of an update's result that nobody asked for is for others, unless this policy is that result. */
  forgetUnless(location?: PolicyLocation): void {
    const { weights, optimizer, optimizerSha256 } = this.#successor;
    if (optimizerSha256 === location?.optimizerSha256) return;
    if (weights) this.#arenas.give(weights.arena);
    if (optimizer) this.#arenas.give(optimizer.m.arena, optimizer.v.arena);
    this.#successor = {};
  }

  async #load(location: PolicyLocation, base: Weights | undefined) {
    const { hash, folder, configSha256, weightsSha256 } = location;
    const { take } = this.#arenas;
    if (base) {
      const adapter = await readAdapter(folder, base.config);
      return loaded(hash, folder, await mergeAdapter(base, adapter, setImmediate, take));
    }
    const { weights, ...rest } = this.#successor;
    if (!weights || rest.weightsSha256 !== weightsSha256 || rest.configSha256 !== configSha256)
      return loaded(hash, folder, await readWeights(folder, take));
    this.#successor = rest;
    return loaded(hash, folder, weights);
  }
}

function loaded(hash: string, folder: string, weights: Weights): LoadedPolicy {
  return {
    weights,
    sampling: once(async () => samplingPolicy(hash, weights, await readStopIds(folder))),
    tokenBytes: once(() => readTokenBytes(folder)),
  };
}

/** What could not be read is read again for the next who asks: its file may be mended meanwhile. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

const generationConfig = z.looseObject({ eos_token_id: z.union([z.int(), z.array(z.int()).min(1)]) });

/** The tokens that end a turn, from generation_config.json. */
async function readStopIds(folder: string): Promise<number[]> {
  const file = join(folder, "generation_config.json");
  const parsed = generationConfig.safeParse(await readJson(file));
  if (!parsed.success) throw unreadable(file, "'eos_token_id' is not a token id or a list of them");
  return [parsed.data.eos_token_id].flat();
}
