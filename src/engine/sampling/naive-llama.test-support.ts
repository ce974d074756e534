/**
 * A Llama written a second time, as plainly as can be: float64, one token after the other, the whole sequence anew for
 * each question. What sampling must agree with. Source: transformers' modeling_llama.py.
 */
import { seededRandom } from "../../core/random.ts";
import type { LlamaConfig } from "../model/config.ts";
import { emptyWeights, headName, layerPrefix, tensorOf, type Weights } from "../model/weights.ts";

/** Normally distributed weights, large enough that tokens differ a lot in likelihood. */
export function randomWeights(config: LlamaConfig, seed: number): Weights {
  const weights = emptyWeights(config);
  const { next } = seededRandom(seed);
  for (const { shape, data } of weights.tensors.values()) {
    const deviation = shape.length === 1 ? 0.1 : 1.5 / Math.sqrt(shape[1]!);
    const mean = shape.length === 1 ? 1 : 0;
    for (let i = 0; i < data.length; i++) {
      data[i] = mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    }
  }
  return weights;
}

/** Log-probabilities of the token after `tokens`, [V], in nats. */
export function nextLogProbabilities(weights: Weights, tokens: readonly number[]): number[] {
  const { config } = weights;
  const matrix = (name: string) => tensorOf(weights, name).data;
  let rows = tokens.map((token) => rowOf(matrix("model.embed_tokens.weight"), token, config.hiddenSize));
  for (let layer = 0; layer < config.layers; layer++) {
    const w = (name: string) => matrix(`${layerPrefix(layer)}${name}.weight`);
    const normed = rows.map((x) => rmsNorm(x, w("input_layernorm"), config.rmsNormEpsilon));
    const heads = (name: string) =>
      normed.map((x, t) => turned(times(w(`self_attn.${name}_proj`), x), t, config));
    const attended = attend(
      heads("q"),
      heads("k"),
      normed.map((x) => times(w("self_attn.v_proj"), x)),
      config,
    );
    const middle = rows.map((x, t) => plus(x, times(w("self_attn.o_proj"), attended[t]!)));
    rows = middle.map((x) => {
      const hidden = rmsNorm(x, w("post_attention_layernorm"), config.rmsNormEpsilon);
      const up = times(w("mlp.up_proj"), hidden);
      const gated = times(w("mlp.gate_proj"), hidden).map((a, i) => (a / (1 + Math.exp(-a))) * up[i]!);
      return plus(x, times(w("mlp.down_proj"), gated));
    });
  }
  const last = rmsNorm(rows.at(-1)!, matrix("model.norm.weight"), config.rmsNormEpsilon);
  const logits = times(matrix(headName(config)), last);
  const most = Math.max(...logits);
  const total = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
  return logits.map((z) => z - total);
}

const rowOf = (matrix: Float32Array, row: number, width: number) => [
  ...matrix.subarray(row * width, (row + 1) * width),
];
const plus = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + b[i]!);

/** matrix [out, in] times x [in] -> [out]. */
function times(matrix: Float32Array, x: readonly number[]): number[] {
  return Array.from({ length: matrix.length / x.length }, (_, row) =>
    x.reduce((sum, value, i) => sum + value * matrix[row * x.length + i]!, 0),
  );
}

function rmsNorm(x: readonly number[], weight: Float32Array, epsilon: number): number[] {
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + epsilon);
  return x.map((value, i) => value * scale * weight[i]!);
}

/** Rotary embedding of every head of one token. */
function turned(x: readonly number[], position: number, { headSize, ropeTheta }: LlamaConfig): number[] {
  const half = headSize / 2;
  return x.map((value, i) => {
    const pair = i % half;
    const angle = position / ropeTheta ** ((2 * pair) / headSize);
    const other = i % headSize < half ? -x[i + half]! : x[i - half]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

/** Causal attention; query head h reads key head floor(h * kvHeads / heads). */
function attend(q: number[][], k: number[][], v: number[][], config: LlamaConfig): number[][] {
  const { heads, kvHeads, headSize } = config;
  return q.map((query, t) => {
    const out: number[] = [];
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor((head * kvHeads) / heads) * headSize;
      const scores = k.slice(0, t + 1).map((key) => {
        let dot = 0;
        for (let i = 0; i < headSize; i++) dot += query[head * headSize + i]! * key[shared + i]!;
        return dot / Math.sqrt(headSize);
      });
      const most = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - most));
      const total = powers.reduce((sum, power) => sum + power, 0);
      for (let i = 0; i < headSize; i++)
        out.push(powers.reduce((sum, power, s) => sum + (power / total) * v[s]![shared + i]!, 0));
    }
    return out;
  });
}
