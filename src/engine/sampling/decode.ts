/** One step of a batch: every row's next token goes in, what each row would say after it comes out. */
import { hidden } from "../ops/attention.ts";
import { f32, type HostTensor, i64, type Runtime } from "../runtime/session.ts";
import { type Batch, foldGroups } from "./batch.ts";
import { decodeGraph } from "./decode-graph.ts";
import { drawingAt, headGraph } from "./head-graph.ts";
import type { KeyValueSlots } from "./key-value-slots.ts";
import { embed, type SamplingPolicy } from "./policy.ts";

/** Own slots grow by this many tokens: sessions are made for few lengths, and short responses stay cheap. */
export const ownStep = 32;

export interface StepInputs {
  readonly runtime: Runtime;
  readonly policy: SamplingPolicy;
  readonly batch: Batch;
  readonly prompts: KeyValueSlots;
  readonly own: KeyValueSlots;
  /** 0 is greedy. */
  readonly temperature: number;
}

export interface NextTokens {
  /** Log-probabilities at temperature 1, [B * V]; absent unless greedy, as `chances` says it all. */
  readonly logp: Float32Array | undefined;
  /** Probabilities to draw from, [B * V]; absent when greedy. */
  readonly chances: Float32Array | undefined;
}

/** Feeds `next` of every row, stores its keys and values and counts it as fed. */
export async function decodeStep(step: StepInputs): Promise<NextTokens> {
  const { runtime, policy, batch, prompts, own } = step;
  const { rows, groups } = batch;
  const { config } = policy;
  if (rows.some(({ fed }) => fed >= own.tokens)) own.reserve(own.tokens + ownStep, rows.length);
  const folds = foldGroups(batch, config.kvHeads);
  const graph = decodeGraph(config, {
    rows: rows.length,
    groups: groups.length,
    groupRows: folds.groupRows,
    promptTokens: prompts.tokens,
    ownTokens: own.tokens,
  });
  const shared = {
    positions: i64(
      BigInt64Array.from(rows, ({ group, fed }) => BigInt(group.stored + fed)),
      [1, rows.length],
    ),
    mask: visibility(batch, prompts.tokens, own.tokens),
    toGroups: i64(folds.toGroups, [folds.toGroups.length]),
    toRows: i64(folds.toRows, [folds.toRows.length]),
  };
  const promptTensors = prompts.tensors(groups.length);
  const ownTensors = own.tensors(rows.length);
  const tokens = rows.map(({ next }) => next);
  let x: HostTensor = f32(embed(policy, tokens), [rows.length, config.hiddenSize]);
  for (const [layer, weights] of policy.layers.entries()) {
    const { y, keys, values } = await runtime.run(graph, {
      ...weights,
      ...shared,
      x,
      promptKeys: promptTensors[layer]!.keys,
      promptValues: promptTensors[layer]!.values,
      ownKeys: ownTensors[layer]!.keys,
      ownValues: ownTensors[layer]!.values,
    });
    x = y!;
    storeRows(step, layer, keys!.data as Float32Array, values!.data as Float32Array);
  }
  for (const row of rows) row.fed++;
  return predict(step, x);
}

/** [B, 1, 1, P + R + 1]: the row's prompt, what it was fed so far, and the token itself. */
function visibility({ rows }: Batch, promptTokens: number, ownTokens: number): HostTensor {
  const width = promptTokens + ownTokens + 1;
  const mask = new Float32Array(rows.length * width);
  for (const [slot, { group, fed }] of rows.entries()) {
    const start = slot * width;
    mask.fill(hidden, start + group.stored, start + promptTokens);
    mask.fill(hidden, start + promptTokens + fed, start + promptTokens + ownTokens);
  }
  return f32(mask, [rows.length, 1, 1, width]);
}

/** keys, values [B * kvHeads, 1, D], one token of each row. */
function storeRows(
  { policy, batch, own }: StepInputs,
  layer: number,
  keys: Float32Array,
  values: Float32Array,
) {
  const size = policy.config.kvHeads * policy.config.headSize;
  for (const [slot, { fed }] of batch.rows.entries()) {
    const range = [slot * size, (slot + 1) * size] as const;
    own.write(layer, slot, fed, { keys: keys.subarray(...range), values: values.subarray(...range) }, 1, 1);
  }
}

async function predict(
  { runtime, policy, batch, temperature }: StepInputs,
  x: HostTensor,
): Promise<NextTokens> {
  const graph = headGraph(policy.config, batch.rows.length, drawingAt(temperature));
  const sharpness = f32(Float32Array.of(1 / temperature), [1]);
  const { logp, chances } = await runtime.run(graph, { ...policy.head, sharpness, x });
  return { logp: logp?.data as Float32Array | undefined, chances: chances?.data as Float32Array | undefined };
}
