/**
 * Runs the head over a pack's targets, a slice of the vocabulary at a time for all of them, so that a slice's logits stay in
 * the processor's cache and each slice of the head's gradient is complete after one run. Slices depend on the vocabulary
 * and the number of targets only.
 */
import type { LlamaConfig } from "../model/config.ts";
import {
  finalNormBackwardGraph,
  finalNormGraph,
  sliceBackwardGraph,
  sliceForwardGraph,
} from "../model/training-head.ts";
import { finalNormName, headName, tensorOf, type Weights } from "../model/weights.ts";
import { f32, type HostTensor, i64, type Runtime } from "../runtime/session.ts";
import { roundUp, sizeMultiple } from "./attention-plan.ts";
import { destination, type GradientSum, runInto } from "./gradient-sum.ts";
import type { Tick } from "./layers.ts";
import type { Target } from "./pack.ts";

/** Logits of one slice, 16 MiB; a run holds about three such tensors at once. */
const sliceLogits = 2 ** 22;

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

/** What a forward pass leaves for the way back. */
export interface HeadPass extends TargetValues {
  /** Hidden states of all the pack's tokens, and of the targets' nodes before and after the final norm, with padding. */
  readonly hidden: HostTensor;
  readonly x: HostTensor;
  readonly states: HostTensor;
  /** log of the sum of exp(logit) over the vocabulary, per row. */
  readonly logTotal: Float32Array;
  /** By slice, where they are kept. */
  readonly logits: readonly (HostTensor | undefined)[];
}

interface Slice {
  readonly start: number;
  readonly end: number;
}

export function headSlices({ vocabularySize }: LlamaConfig, targets: number): readonly Slice[] {
  const count = Math.ceil((vocabularySize * roundUp(targets, sizeMultiple)) / sliceLogits);
  const size = roundUp(Math.ceil(vocabularySize / count), sizeMultiple);
  return Array.from({ length: Math.ceil(vocabularySize / size) }, (_, i) => ({
    start: i * size,
    end: Math.min(vocabularySize, (i + 1) * size),
  }));
}

/** Bytes of all logits of so many targets. */
export const logitBytes = ({ vocabularySize }: LlamaConfig, targets: number) =>
  4 * vocabularySize * roundUp(targets, sizeMultiple);

export interface HeadOptions {
  readonly entropy: boolean;
  /** Keeps the logits for the way back, see `logitBytes`; without, they are computed again. */
  readonly keeps: boolean;
}

/** hidden [tokens, hidden] is the last layer's output. */
export async function forwardHead(
  runtime: Runtime,
  weights: Weights,
  targets: readonly Target[],
  hidden: HostTensor,
  { entropy, keeps }: HeadOptions,
  tick: Tick,
): Promise<HeadPass> {
  const { config } = weights;
  const x = statesOf(targets, hidden);
  const rows = x.dims[0]!;
  const norm = tensorOf(weights, finalNormName);
  const { y: states } = await runtime.run(finalNormGraph(config, rows), {
    x,
    norm: f32(norm.data, norm.shape),
  });
  const sums = createSums(rows);
  const targetLogits = new Float32Array(targets.length);
  const logits: (HostTensor | undefined)[] = [];
  for (const slice of headSlices(config, targets.length)) {
    const source = sliceForwardGraph(config, { rows, tokens: slice.end - slice.start, entropy, keeps });
    const within = targets.map(({ token }) =>
      token >= slice.start && token < slice.end ? token - slice.start : 0,
    );
    const places = new BigInt64Array(rows);
    for (const [row, place] of within.entries()) places[row] = BigInt(place);
    const results = await runtime.run(source, {
      states: states!,
      head: headPart(weights, slice),
      targets: i64(places, [rows, 1]),
    });
    sums.add(results);
    for (const [row, { token }] of targets.entries()) {
      if (token === slice.start + within[row]!)
        targetLogits[row] = (results.target!.data as Float32Array)[row]!;
    }
    logits.push(results.logits);
    tick();
  }
  const { logTotal, entropies } = sums.whole();
  return {
    logp: targetLogits.map((logit, row) => logit - logTotal[row]!),
    entropy: entropies.slice(0, entropy ? targets.length : 0),
    hidden,
    x,
    states: states!,
    logTotal,
    logits,
  };
}

/** Returns dL/d(hidden) [tokens, hidden] and, where they are trained, puts the norm's and the head's gradients into `gradients`. */
export async function backwardHead(
  runtime: Runtime,
  weights: Weights,
  targets: readonly Target[],
  pass: HeadPass,
  dTargets: TargetGradients,
  gradients: GradientSum,
  tick: Tick,
): Promise<HostTensor> {
  const { config, adapter } = weights;
  const frozen = adapter !== undefined;
  const [rows, width] = pass.x.dims as [number, number];
  const dStates = await backwardSlices(runtime, weights, targets, pass, dTargets, gradients, tick);
  addTargets(weights, targets, pass, dTargets, gradients, dStates);
  const norm = tensorOf(weights, finalNormName);
  const { dx } = await runInto(
    runtime,
    finalNormBackwardGraph(config, rows, frozen),
    { x: pass.x, norm: f32(norm.data, norm.shape), dy: f32(dStates, [rows, width]) },
    frozen ? [] : [destination(gradients, finalNormName, "dNorm")],
    gradients.adds,
  );
  const dHidden = new Float32Array(pass.hidden.data.length);
  const dRows = dx!.data as Float32Array;
  for (const [row, { node }] of targets.entries()) {
    for (let i = 0; i < width; i++) dHidden[node * width + i]! += dRows[row * width + i]!;
  }
  return f32(dHidden, pass.hidden.dims);
}

/** dL/d(states) without the targets' own part; puts the head's gradient without it into `gradients`. */
async function backwardSlices(
  runtime: Runtime,
  weights: Weights,
  targets: readonly Target[],
  { states, logTotal, entropy, logits }: HeadPass,
  dTargets: TargetGradients,
  gradients: GradientSum,
  tick: Tick,
): Promise<Float32Array> {
  const { config, adapter } = weights;
  const frozen = adapter !== undefined;
  const [rows, width] = states.dims as [number, number];
  const column = (values: Float32Array) => {
    const padded = new Float32Array(rows);
    padded.set(values);
    return f32(padded, [rows, 1]);
  };
  const feeds = {
    states,
    logTotal: column(logTotal),
    minusDLogp: column(dTargets.logp.map((value) => -value)),
    ...(dTargets.entropy && { H: column(entropy), dEntropy: column(dTargets.entropy) }),
  };
  let before = f32(new Float32Array(rows * width), [rows, width]);
  for (const [i, slice] of headSlices(config, targets.length).entries()) {
    const tokens = slice.end - slice.start;
    const kept = logits[i];
    const shape = {
      rows,
      tokens,
      entropy: dTargets.entropy !== undefined,
      keeps: kept !== undefined,
      frozen,
    };
    const data = frozen
      ? undefined
      : sliceOf(tensorOf(gradients.parameters, headName(config)).data, slice, width);
    const results = await runInto(
      runtime,
      sliceBackwardGraph(config, shape),
      { ...feeds, ...(kept && { logits: kept }), head: headPart(weights, slice), before },
      data ? [{ output: "dHead", data, shape: [tokens, width] }] : [],
      gradients.adds,
    );
    before = results.dStates!;
    tick();
  }
  return before.data as Float32Array;
}

/** The part of each target's own logit, in the order of targets: dL/dz_t = dlogp, so dState = dlogp head[t] and dHead[t] = dlogp state. */
function addTargets(
  weights: Weights,
  targets: readonly Target[],
  { states }: HeadPass,
  { logp }: TargetGradients,
  { parameters }: GradientSum,
  dStates: Float32Array,
): void {
  const width = weights.config.hiddenSize;
  const head = tensorOf(weights, headName(weights.config)).data;
  const dHead = weights.adapter ? undefined : tensorOf(parameters, headName(weights.config)).data;
  const values = states.data as Float32Array;
  for (const [row, { token }] of targets.entries()) {
    const d = logp[row]!;
    for (let i = 0; i < width; i++) {
      dStates[row * width + i]! += d * head[token * width + i]!;
      if (dHead) dHead[token * width + i]! += d * values[row * width + i]!;
    }
  }
}

/** Puts the slices' sums together: log sum exp z = M + log S with M = max m and S = sum of s exp(m - M); H = that - sum p z. */
function createSums(rows: number) {
  const parts: { peak: Float32Array; sum: Float32Array; moment: Float32Array | undefined }[] = [];
  const values = (tensor: HostTensor | undefined) => tensor?.data as Float32Array;
  return {
    add: ({ peak, sum, moment }: Readonly<Record<string, HostTensor>>) => {
      parts.push({ peak: values(peak), sum: values(sum), moment: values(moment) });
    },
    whole: () => {
      const logTotal = new Float32Array(rows);
      const entropies = new Float32Array(rows);
      for (let row = 0; row < rows; row++) {
        const top = parts.reduce((most, { peak }) => Math.max(most, peak[row]!), Number.NEGATIVE_INFINITY);
        let total = 0;
        let moments = 0;
        for (const { peak, sum, moment } of parts) {
          const factor = Math.exp(peak[row]! - top);
          total += factor * sum[row]!;
          if (moment) moments += factor * (moment[row]! + (peak[row]! - top) * sum[row]!);
        }
        logTotal[row] = top + Math.log(total);
        entropies[row] = Math.log(total) - moments / total;
      }
      return { logTotal, entropies };
    },
  };
}

/** Hidden states of the targets' nodes, [N, hidden]; rows of zeros are padding. */
function statesOf(targets: readonly Target[], hidden: HostTensor): HostTensor {
  const width = hidden.dims[1]!;
  const rows = roundUp(targets.length, sizeMultiple);
  const states = hidden.data as Float32Array;
  const x = new Float32Array(rows * width);
  for (const [row, { node }] of targets.entries()) {
    x.set(states.subarray(node * width, (node + 1) * width), row * width);
  }
  return f32(x, [rows, width]);
}

const sliceOf = (matrix: Float32Array, { start, end }: Slice, width: number) =>
  matrix.subarray(start * width, end * width);

function headPart(weights: Weights, slice: Slice): HostTensor {
  const width = weights.config.hiddenSize;
  const { data } = tensorOf(weights, headName(weights.config));
  return f32(sliceOf(data, slice, width), [slice.end - slice.start, width]);
}
