/**
 * Samples a shard: the responses to a list of requests, all samples stepping together. A token and its log-probability
 * depend on the shard's content and order, the policy, the options and the limits; not on time, cache or process.
 */
import { RatchetError } from "../../core/errors.ts";
import type { OnProgress, SampledResponse, SampleRequest, SamplingOptions } from "../../core/ports/policy.ts";
import type { Runtime } from "../runtime/session.ts";
import { admit, type Batch, part, samplesOf, vacate } from "./batch.ts";
import type { BlockCache } from "./block-cache.ts";
import { checkRequests } from "./check-requests.ts";
import { decodeStep, type NextTokens, ownStep } from "./decode.ts";
import { drawToken, likeliest } from "./draw.ts";
import { KeyValueSlots } from "./key-value-slots.ts";
import { capacityOf, type SamplingLimits } from "./limits.ts";
import type { SamplingPolicy } from "./policy.ts";
import { blockTokens, prefill } from "./prefill.ts";
import { stopStrings } from "./stop-strings.ts";

export interface Sampler {
  readonly runtime: Runtime;
  readonly cache: BlockCache;
  readonly limits: SamplingLimits;
}

interface Shard {
  readonly sampler: Sampler;
  readonly policy: SamplingPolicy;
  readonly requests: readonly SampleRequest[];
  readonly options: SamplingOptions;
  readonly onProgress: OnProgress;
  readonly batch: Batch;
  readonly prompts: KeyValueSlots;
  readonly own: KeyValueSlots;
  readonly responses: SampledResponse[][];
  readonly saysStop: (tokens: readonly number[]) => boolean;
}

/** responses[i][j]: request i, seed j. Throws PromptTooLong or InvalidInput before any work. */
export async function sampleShard(
  sampler: Sampler,
  policy: SamplingPolicy,
  requests: readonly SampleRequest[],
  options: SamplingOptions,
  onProgress: OnProgress,
): Promise<SampledResponse[][]> {
  const { config } = policy;
  checkRequests(config, requests, options);
  const samples = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const capacity = capacityOf(sampler.limits, config, requests, options);
  const limits = { samples: capacity.samples, groups: capacity.prompts };
  const shard: Shard = {
    sampler,
    policy,
    requests,
    options,
    onProgress,
    batch: { groups: [], rows: [] },
    prompts: new KeyValueSlots(config, capacity.prompts, capacity.promptTokens),
    own: new KeyValueSlots(config, capacity.samples, capacity.ownTokens, ownStep),
    responses: requests.map(() => []),
    saysStop: stopStrings(policy.tokenBytes ?? [], options.stop ?? []),
  };
  const queue = { request: 0, sample: 0 };
  const { rows } = shard.batch;
  let ended = 0;
  for (;;) {
    for (;;) {
      const admitted = admit(shard.batch, queue, requests, limits);
      if (admitted === undefined) break;
      if (admitted.opened !== undefined) await storePrompt(shard, admitted.opened);
    }
    if (rows.length === 0) return shard.responses;
    const next = await decodeStep({ ...sampler, ...shard, temperature: options.temperature });
    for (let slot = 0, stepped = rows.length; slot < stepped; slot++) say(shard, slot, next);
    ended += endRows(shard);
    const said = rows.reduce(
      (sum, { tokens, samples }) => sum + tokens.length * samples.length,
      ended * options.maxNewTokens,
    );
    onProgress({ unit: "tokens", count: said, total: samples * options.maxNewTokens });
  }
}

/** Stores the keys and values of all but a prompt's last token in the last group's slot. */
async function storePrompt(
  { sampler, policy, requests, batch, prompts, onProgress }: Shard,
  request: number,
) {
  const tokens = requests[request]!.prompt.slice(0, -1);
  const slot = batch.groups.length - 1;
  const total = Math.ceil(tokens.length / blockTokens);
  let count = 0;
  const onBlock = () => onProgress({ unit: "prompt blocks", count: ++count, total });
  const blocks = await prefill(sampler.runtime, sampler.cache, policy, tokens, onBlock);
  for (const [index, block] of blocks.entries()) {
    const start = index * blockTokens;
    const held = Math.min(blockTokens, tokens.length - start);
    for (const [layer, part] of block.entries()) prompts.write(layer, slot, start, part, blockTokens, held);
  }
}

/** Each sample of the row draws its next token; those that differ part. */
function say({ policy, options, batch, own }: Shard, slot: number, { logp, chances }: NextTokens): void {
  const { vocabularySize } = policy.config;
  const range = [slot * vocabularySize, (slot + 1) * vocabularySize] as const;
  const logp_V = logp?.subarray(...range);
  const chances_V = chances?.subarray(...range);
  const drawn = batch.rows[slot]!.samples.map(({ random }) => {
    const token = chances_V ? drawToken(chances_V, options, random.next()) : likeliest(logp_V!);
    return {
      token,
      logprob: finite(policy, token, chances_V ? Math.log(chances_V[token]!) : logp_V![token]!),
    };
  });
  part(batch.rows, slot, drawn, (from, to) => own.copy(from, to));
}

function finite(policy: SamplingPolicy, token: number, logprob: number): number {
  if (Number.isFinite(logprob)) return logprob;
  throw new RatchetError(
    "Diverged",
    `policy ${policy.hash} gives token ${token} a log-probability of ${logprob}: its weights have diverged; go back to an earlier checkpoint and lower learningRate`,
    { measure: "log-probability", value: null, policy: policy.hash, token },
  );
}

/** Takes out the rows that stopped or are full, from the last slot to the first; gives the count of their samples. */
function endRows({ policy, options, batch, prompts, own, responses, saysStop }: Shard): number {
  const { rows, groups } = batch;
  const before = samplesOf(batch);
  for (let slot = rows.length - 1; slot >= 0; slot--) {
    const { tokens, logprobs, group, samples, next } = rows[slot]!;
    const stopped = policy.stopIds.includes(next) || saysStop(tokens);
    if (!stopped && tokens.length < options.maxNewTokens) continue;
    const finish = stopped ? "stop" : "length";
    for (const { index } of samples) responses[group.request]![index] = { tokens, logprobs, finish };
    vacate(rows, slot, (from, to) => own.copy(from, to));
    if (rows.every((row) => row.group !== group))
      vacate(groups, groups.indexOf(group), (from, to) => prompts.copy(from, to));
  }
  return before - samplesOf(batch);
}
