/**
 * LoRA: low-rank matrices beside a layer's own, W + alpha / rank B A, as PEFT has them (names, layout [rank, in] and
 * [out, rank], initialization, scale). Dropout is 0, so that training and sampling compute the same policy.
 * Source: arXiv 2106.09685; peft/tuners/lora/layer.py.
 */
import { seedOf } from "../../core/hash.ts";
import {
  type AdaptableProjection,
  adaptableProjections,
  type LoraSettings,
} from "../../core/ports/policy.ts";
import { seededRandom } from "../../core/random.ts";
import type { LlamaConfig } from "./config.ts";
import {
  type Adapter,
  type Allocate,
  emptyParameters,
  emptyWeights,
  layerPrefix,
  layerShapes,
  tensorOf,
  type Weights,
} from "./weights.ts";

/** Name of a projection in its layer, without `.weight`. */
const moduleName = (projection: AdaptableProjection) =>
  projection === "gate_proj" || projection === "up_proj" || projection === "down_proj"
    ? `mlp.${projection}`
    : `self_attn.${projection}`;

export const loraScale = ({ rank, alpha }: LoraSettings) => alpha / rank;

/** A and B of one layer by name without the layer's prefix, in the arena's order. */
export function layerAdapterShapes(
  config: LlamaConfig,
  { rank, targetModules }: LoraSettings,
): ReadonlyMap<string, readonly number[]> {
  const shapes = layerShapes(config);
  const adapted = adaptableProjections.filter((projection) => targetModules.includes(projection));
  return new Map(
    adapted.map(moduleName).flatMap((name) => {
      const [out, input] = shapes.get(`${name}.weight`) as [number, number];
      return [
        [`${name}.lora_A.weight`, [rank, input]],
        [`${name}.lora_B.weight`, [out, rank]],
      ] as const;
    }),
  );
}

/** B A = 0: a policy with this adapter is the policy without it. */
export function emptyAdapter(config: LlamaConfig, settings: LoraSettings): Adapter {
  const shapes = new Map<string, readonly number[]>();
  for (let layer = 0; layer < config.layers; layer++)
    for (const [name, shape] of layerAdapterShapes(config, settings))
      shapes.set(layerPrefix(layer) + name, shape);
  return { settings, ...emptyParameters(shapes) };
}

/**
 * A uniform in +-1 / sqrt(in), which is what PEFT's kaiming_uniform_(a = sqrt(5)) comes to; B zero. Seeded, in the arena's
 * order.
 */
export function newAdapter(config: LlamaConfig, settings: LoraSettings, seed: number): Adapter {
  const adapter = emptyAdapter(config, settings);
  const { next } = seededRandom(seedOf(seed, "lora"));
  for (const [name, { shape, data }] of adapter.tensors) {
    if (!name.endsWith(".lora_A.weight")) continue;
    const bound = 1 / Math.sqrt(shape[1]!);
    for (let i = 0; i < data.length; i++) data[i] = bound * (2 * next() - 1);
  }
  return adapter;
}

export const sameLora = (a: LoraSettings, b: LoraSettings) =>
  a.rank === b.rank &&
  a.alpha === b.alpha &&
  adaptableProjections.every((name) => a.targetModules.includes(name) === b.targetModules.includes(name));

/**
 * New weights with the adapter added in, in float64 in a fixed order, so that they do not depend on threads or vector
 * units. `pause` is awaited each 0.1 s or so: SmolLM2-135M and an adapter of rank 8 take 3 s (docs/benchmarks.md).
 */
export async function mergeAdapter(
  base: Weights,
  adapter: Adapter,
  pause: () => Promise<void>,
  allocate?: Allocate,
): Promise<Weights> {
  const merged = emptyWeights(base.config, allocate);
  merged.arena.set(base.arena);
  const scale = loraScale(adapter.settings);
  for (const name of adapter.tensors.keys()) {
    if (!name.endsWith(".lora_A.weight")) continue;
    const module = name.slice(0, -".lora_A.weight".length);
    await addProduct(
      tensorOf(merged, `${module}.weight`).data,
      tensorOf(adapter, `${module}.lora_B.weight`).data,
      tensorOf(adapter, name).data,
      adapter.settings.rank,
      scale,
      pause,
    );
  }
  return merged;
}

/** Multiplications between two pauses: whoever waits for a sign of life is not kept waiting by a large matrix. */
const multiplicationsAtOnce = 4e7;

/** w [out, in] += scale * b [out, rank] a [rank, in]. */
async function addProduct(
  w: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
  pause: () => Promise<void>,
): Promise<void> {
  const rows = b.length / rank;
  const rowsAtOnce = Math.ceil(multiplicationsAtOnce / a.length);
  for (let from = 0; from < rows; from += rowsAtOnce) {
    addRows(w, b, a, rank, scale, from, Math.min(rows, from + rowsAtOnce));
    await pause();
  }
}

function addRows(
  w: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
  from: number,
  to: number,
): void {
  const width = a.length / rank;
  const sums = new Float64Array(width);
  for (let row = from; row < to; row++) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * b[row * rank + k]!;
      if (factor === 0) continue;
      const start = k * width;
      for (let i = 0; i < width; i++) sums[i]! += factor * a[start + i]!;
    }
    const start = row * width;
    for (let i = 0; i < width; i++) if (sums[i] !== 0) w[start + i]! += sums[i]!;
  }
}
