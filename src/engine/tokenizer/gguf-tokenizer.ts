/** The Hugging Face tokenizer of a GGUF file, rebuilt from its metadata: same tokens, merges and pre-tokenizer. */
import type { GgufValue } from "../formats/gguf.ts";
import { unreadable } from "../formats/unreadable.ts";
import { byteLevelTokenizer, digitsThenWords } from "./byte-level.ts";

/** llama.cpp's token type for control tokens. */
const controlType = 3;

/** The tokenizer.json; throws ModelUnreadable for another kind than SmolLM2's ("gpt2" model, "smollm" words). */
export function tokenizerFromGguf(file: string, metadata: ReadonlyMap<string, GgufValue>): object {
  const kind = `${metadata.get("tokenizer.ggml.model")}/${metadata.get("tokenizer.ggml.pre")}`;
  if (kind !== "gpt2/smollm") throw unreadable(file, `its tokenizer is '${kind}', known is 'gpt2/smollm'`);
  const list = <T>(key: string): readonly T[] => {
    const value = metadata.get(`tokenizer.ggml.${key}`);
    if (!Array.isArray(value)) throw unreadable(file, `its metadata has no list 'tokenizer.ggml.${key}'`);
    return value as unknown as readonly T[];
  };
  const vocabulary = list<string>("tokens");
  const types = list<number>("token_type");
  return byteLevelTokenizer({
    vocabulary,
    merges: list<string>("merges").map((pair) => pair.split(" ") as [string, string]),
    added: vocabulary
      .map((content, id) => ({ id, content, special: true }))
      .filter(({ id }) => types[id] === controlType),
    words: digitsThenWords,
  });
}
