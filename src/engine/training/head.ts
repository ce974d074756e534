/**
 * Runs the head over a pack's targets in blocks of rows, so that the logits of a big vocabulary stay under a cap of bytes.
 * A block's size depends on the vocabulary and the number of targets only.
 */
import type { LlamaConfig } from "../model/config.ts";
import { headBackwardGraph, headForwardGraph } from "../model/training-head.ts";
import { finalNormName, headName, type Parameters, tensorOf, type Weights } from "../model/weights.ts";
import { type Feeds, f32, type HostTensor, i64, type Runtime } from "../runtime/session.ts";
import { roundUp, sizeMultiple } from "./attention-plan.ts";
import { addTo, type Tick } from "./layers.ts";
import type { Target } from "./pack.ts";

/** Logits of one block; a backward block holds about four such tensors at once. */
const logitBytes = 2 ** 26;

export interface TargetValues {
  /** One per target, in nats; entropy is empty where it was not asked for. */
  readonly logp: Float32Array;
  readonly entropy: Float32Array;
}

/** dL/d(logp) and dL/d(entropy) of each target; entropy undefined where the loss does not use it. */
export interface TargetGradients {
  readonly logp: Float32Array;
  readonly entropy: Float32Array | undefined;
}

export function headBlocks(
  { vocabularySize }: LlamaConfig,
  targets: number,
): { start: number; end: number }[] {
  const fitting = Math.floor(logitBytes / (4 * vocabularySize));
  const rows = Math.max(sizeMultiple, fitting - (fitting % sizeMultiple));
  return Array.from({ length: Math.ceil(targets / rows) }, (_, i) => ({
    start: i * rows,
    end: Math.min(targets, (i + 1) * rows),
  }));
}

/** hidden [tokens, hidden] is the last layer's output. */
export async function forwardHead(
  runtime: Runtime,
  weights: Weights,
  targets: readonly Target[],
  hidden: HostTensor,
  withEntropy: boolean,
  tick: Tick,
): Promise<TargetValues> {
  const logp = new Float32Array(targets.length);
  const entropy = new Float32Array(withEntropy ? targets.length : 0);
  for (const { start, end } of headBlocks(weights.config, targets.length)) {
    const rows = roundUp(end - start, sizeMultiple);
    const source = headForwardGraph(weights.config, { rows, entropy: withEntropy });
    const feeds = headFeeds(weights, targets.slice(start, end), rows, hidden);
    const results = await runtime.run(source, feeds);
    logp.set((results.logp!.data as Float32Array).subarray(0, end - start), start);
    if (withEntropy) entropy.set((results.entropy!.data as Float32Array).subarray(0, end - start), start);
    tick();
  }
  return { logp, entropy };
}

/** Returns dL/d(hidden) [tokens, hidden] and, where they are trained, adds the norm's and the head's gradients to `gradients`. */
export async function backwardHead(
  runtime: Runtime,
  weights: Weights,
  targets: readonly Target[],
  hidden: HostTensor,
  dTargets: TargetGradients,
  gradients: Parameters,
  tick: Tick,
): Promise<HostTensor> {
  const { config } = weights;
  const width = config.hiddenSize;
  const frozen = weights.adapter !== undefined;
  const dHidden = new Float32Array(hidden.data.length);
  for (const { start, end } of headBlocks(config, targets.length)) {
    const rows = roundUp(end - start, sizeMultiple);
    const block = targets.slice(start, end);
    const column = (values: Float32Array) => {
      const padded = new Float32Array(rows);
      padded.set(values.subarray(start, end));
      return f32(padded, [rows, 1]);
    };
    const results = await runtime.run(
      headBackwardGraph(config, { rows, entropy: dTargets.entropy !== undefined, frozen }),
      {
        ...headFeeds(weights, block, rows, hidden),
        dLogp: column(dTargets.logp),
        ...(dTargets.entropy && { dEntropy: column(dTargets.entropy) }),
      },
    );
    if (!frozen) {
      addTo(tensorOf(gradients, finalNormName).data, results.dNorm!);
      addTo(tensorOf(gradients, headName(config)).data, results.dHead!);
    }
    const dx = results.dx!.data as Float32Array;
    for (const [row, { node }] of block.entries()) {
      for (let i = 0; i < width; i++) dHidden[node * width + i]! += dx[row * width + i]!;
    }
    tick();
  }
  return f32(dHidden, hidden.dims);
}

/** Hidden states of the targets' nodes, and the head's parameters; rows of zeros are padding. */
function headFeeds(weights: Weights, targets: readonly Target[], rows: number, hidden: HostTensor): Feeds {
  const width = weights.config.hiddenSize;
  const states = hidden.data as Float32Array;
  const x = new Float32Array(rows * width);
  const tokens = new BigInt64Array(rows);
  for (const [row, { node, token }] of targets.entries()) {
    x.set(states.subarray(node * width, (node + 1) * width), row * width);
    tokens[row] = BigInt(token);
  }
  const norm = tensorOf(weights, finalNormName);
  const head = tensorOf(weights, headName(weights.config));
  return {
    x: f32(x, [rows, width]),
    norm: f32(norm.data, norm.shape),
    head: f32(head.data, head.shape),
    targets: i64(tokens, [rows, 1]),
  };
}
