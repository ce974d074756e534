/** The Hugging Face tokenizer of a GGUF file, rebuilt from its metadata: same tokens, merges and pre-tokenizer. */
import type { GgufValue } from "../formats/gguf.ts";
import { unreadable } from "../formats/unreadable.ts";
import { byteLevelTokenizer, digitsThenWords, wordsWithContractions } from "./byte-level.ts";

/** llama.cpp's token types for control tokens and for others with an id of their own. */
const controlType = 3;
const userDefinedType = 4;

/** llama.cpp's name of a pre-tokenizer -> its steps; Qwen's composes characters first, Llama 3's keeps whole known words. */
const preTokenizers: Readonly<Record<string, { words: readonly object[]; nfc?: true; ignoreMerges?: true }>> =
  {
    smollm: { words: digitsThenWords },
    qwen2: { words: wordsWithContractions("\\p{N}"), nfc: true },
    "llama-bpe": { words: wordsWithContractions("\\p{N}{1,3}"), ignoreMerges: true },
  };

/** The tokenizer.json; throws ModelUnreadable for a kind that is not byte-level BPE of SmolLM2, Qwen or Llama 3. */
export function tokenizerFromGguf(file: string, metadata: ReadonlyMap<string, GgufValue>): object {
  const model = metadata.get("tokenizer.ggml.model");
  const pre = String(metadata.get("tokenizer.ggml.pre"));
  if (model !== "gpt2" || !Object.hasOwn(preTokenizers, pre)) {
    const known = Object.keys(preTokenizers).map((name) => `'gpt2/${name}'`);
    throw unreadable(file, `its tokenizer is '${model}/${pre}', known are ${known.join(", ")}`);
  }
  const list = <T extends string | number>(key: string, type: "string" | "number"): readonly T[] => {
    const value = metadata.get(`tokenizer.ggml.${key}`);
    if (Array.isArray(value) && value.every((item) => typeof item === type)) return value as readonly T[];
    throw unreadable(file, `its metadata has no list of ${type}s 'tokenizer.ggml.${key}'`);
  };
  const vocabulary = list<string>("tokens", "string");
  const types = list<number>("token_type", "number");
  const { words, nfc = false, ignoreMerges = false } = preTokenizers[pre]!;
  return byteLevelTokenizer({
    vocabulary,
    merges: list<string>("merges", "string").map((pair) => pair.split(" ") as [string, string]),
    added: vocabulary
      .map((content, id) => ({ id, content, special: types[id] === controlType }))
      .filter(({ id, special }) => special || types[id] === userDefinedType),
    words,
    nfc,
    ignoreMerges,
  });
}
