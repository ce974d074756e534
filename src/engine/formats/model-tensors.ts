/**
 * The tensors of a model from elsewhere, held to its configuration: each one that the model needs, once, in its shape and
 * with finite values; what is derived from others left out; anything else refused by name.
 */
import type { LlamaConfig } from "../model/config.ts";
import { parameterShapes } from "../model/weights.ts";
import type { TensorData, TensorSource } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

/** A tensor and the file that it comes from. */
export interface ForeignTensor {
  readonly file: string;
  readonly source: TensorSource;
}

/** A table of frequencies that early Llama files carry, or the tied head written out. */
const derived = ({ tiedEmbeddings }: LlamaConfig, name: string) =>
  name.endsWith(".rotary_emb.inv_freq") || (tiedEmbeddings && name === "lm_head.weight");

/** Sources for `model.safetensors`; `place` is named where a tensor is missing. Values are checked as they are read. */
export function modelTensors(
  place: string,
  config: LlamaConfig,
  tensors: readonly ForeignTensor[],
): TensorSource[] {
  const shapes = parameterShapes(config);
  const found = new Map<string, TensorSource>();
  for (const { file, source } of tensors) {
    const { name, shape } = source;
    if (derived(config, name)) continue;
    const expected = shapes.get(name);
    const refuse = (problem: string) => unreadable(file, `tensor '${name}' ${problem}`, { name });
    if (expected === undefined) throw refuse("has no place in the model that its configuration describes");
    if (`${shape}` !== `${expected}`)
      throw refuse(`is [${shape}] where the configuration asks for [${expected}]`);
    if (found.has(name)) throw refuse("is there twice");
    if (source.dtype === "I32") throw refuse("holds integers");
    found.set(name, { ...source, read: async () => finite(file, name, await source.read()) });
  }
  for (const name of shapes.keys())
    if (!found.has(name)) throw unreadable(place, `it has no tensor '${name}'`, { name });
  return [...found.values()];
}

function finite(file: string, name: string, data: TensorData): TensorData {
  const at = data.findIndex((value: number) => !Number.isFinite(value));
  if (at < 0) return data;
  throw unreadable(file, `tensor '${name}' holds ${data[at]} at element ${at}`, { name });
}
