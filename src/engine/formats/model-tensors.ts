/**
 * The tensors of a model from elsewhere, held to its configuration: each one that the model needs, once, in its shape and
 * with finite values; what is derived from others left out, once it is seen to be what it is derived from; anything else
 * refused by name.
 */
import { constants } from "node:buffer";
import type { LlamaConfig } from "../model/config.ts";
import { countOf, embeddingName, parameterShapes } from "../model/weights.ts";
import { requireFinite } from "./finite.ts";
import type { TensorData, TensorSource } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

/** A tensor and the file that it comes from. */
export interface ForeignTensor {
  readonly file: string;
  readonly source: ModelTensor;
}

/** One that may be read to where it is wanted. */
export interface ModelTensor extends TensorSource {
  readonly read: (into?: TensorData) => TensorData | Promise<TensorData>;
}

/** The head of a model whose head is its embedding, written out all the same. */
const tiedHead = "lm_head.weight";
/** A table that early Llama files carry; it follows from the configuration. */
const frequencies = /\.rotary_emb\.inv_freq$/;

/** Sources for `model.safetensors`; `place` is named where a tensor is missing. Values are checked as they are read. */
export function modelTensors(
  place: string,
  config: LlamaConfig,
  tensors: readonly ForeignTensor[],
): ModelTensor[] {
  const shapes = parameterShapes(config);
  requireRoom(place, shapes);
  const found = new Map<string, ForeignTensor>();
  for (const tensor of tensors) {
    const { file, source } = tensor;
    const { name, shape } = source;
    if (frequencies.test(name)) continue;
    const expected = shapes.get(config.tiedEmbeddings && name === tiedHead ? embeddingName : name);
    const refuse = (problem: string) => unreadable(file, `tensor '${name}' ${problem}`, { name });
    if (expected === undefined) throw refuse("has no place in the model that its configuration describes");
    if (`${shape}` !== `${expected}`)
      throw refuse(`is [${shape}] where the configuration asks for [${expected}]`);
    if (found.has(name)) throw refuse("is there twice");
    if (source.dtype === "I32") throw refuse("holds integers");
    found.set(name, tensor);
  }
  for (const name of shapes.keys())
    if (!found.has(name)) throw unreadable(place, `it has no tensor '${name}'`, { name });
  const head = config.tiedEmbeddings ? found.get(tiedHead) : undefined;
  return [...shapes.keys()].map((name) => {
    const { file, source } = found.get(name)!;
    const read = async (into?: TensorData) => {
      const data = requireFinite(file, name, await source.read(into));
      if (name === embeddingName && head !== undefined) await requireTied(head, data);
      return data;
    };
    return { ...source, read };
  });
}

/** Weights are one array, which before Node 22 has at most 2^32 elements. */
function requireRoom(place: string, shapes: ReadonlyMap<string, readonly number[]>): void {
  const [parameters, most] = [countOf(shapes), constants.MAX_LENGTH];
  if (parameters > most)
    throw unreadable(
      place,
      `its ${parameters} parameters are more than the ${most} that Node ${process.version} holds in one array; use Node 22 or later, or a smaller model`,
    );
}

/** What is trained is the embedding: another head would be left behind without a word. */
async function requireTied({ file, source }: ForeignTensor, embedding: TensorData): Promise<void> {
  const head = await source.read();
  for (let i = 0; i < head.length; i++) {
    if (head[i] === embedding[i]) continue;
    throw unreadable(
      file,
      `tensor '${tiedHead}' holds ${head[i]} at element ${i} where '${embeddingName}' holds ${embedding[i]}, and tie_word_embeddings says that they are one: set it to false in config.json, or leave '${tiedHead}' out`,
      { name: tiedHead },
    );
  }
}
