/** The policy in a GGUF file: weights, configuration, tokenizer and chat template are all in it. */
import type { GgufValue } from "../formats/gguf.ts";
import { readGgufModel } from "../formats/gguf-model.ts";
import { modelTensors } from "../formats/model-tensors.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { tokenizerFromGguf } from "../tokenizer/gguf-tokenizer.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { type ForeignPolicy, jsonText } from "./foreign-policy.ts";
import { fitTexts } from "./policy-texts.ts";

/** Of `tokenizer.ggml.token_type`. */
const control = 3;

/** Throws ModelUnreadable. `reasoning` undefined leaves that to the template's default. */
export async function readGgufPolicy(file: string, reasoning: boolean | undefined): Promise<ForeignPolicy> {
  const { config, tensors, metadata } = await readGgufModel(file);
  const shape = parseLlamaConfig(config, file);
  const found = tensors.map((source) => ({ file, source }));
  const tokenizer = tokenizerFromGguf(file, metadata) as Readonly<Record<string, unknown>>;
  parseTokenizer(file, tokenizer, shape.vocabularySize);
  // Of several templates, that for tools, as in a folder.
  const template =
    metadata.get("tokenizer.chat_template.tool_use") ?? metadata.get("tokenizer.chat_template");
  const fit = fitTexts({
    place: file,
    config,
    tokenizer,
    tokenizerConfig: tokenizerConfig(metadata, shape.contextTokens),
    generation: generationConfig(metadata),
    template: typeof template === "string" ? template : undefined,
    reasoning,
  });
  return {
    place: file,
    texts: new Map([
      ["config.json", jsonText(fit.config)],
      ["generation_config.json", jsonText(fit.generation)],
      // Merges on lines of their own would triple the file.
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", jsonText(fit.tokenizerConfig)],
    ]),
    tensors: modelTensors(file, shape, found),
    optimizer: undefined,
  };
}

/** What llama.cpp takes for the end of a generation by its name; a folder lists the like in generation_config.json. */
const endsByName: ReadonlySet<string> = new Set([
  "<|endoftext|>",
  "<|end_of_text|>",
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
]);

/** A file names one token that ends a text, and often not the one that the policy ends with. */
function generationConfig(metadata: ReadonlyMap<string, GgufValue>) {
  const id = (name: string) => metadata.get(`tokenizer.ggml.${name}_token_id`);
  const vocabulary = metadata.get("tokenizer.ggml.tokens") as readonly string[];
  const kinds = metadata.get("tokenizer.ggml.token_type") as readonly number[] | undefined;
  const byName = vocabulary.flatMap((text, i) => (endsByName.has(text) && kinds?.[i] === control ? [i] : []));
  const named = ["eos", "eot", "eom"].map(id).filter((end) => vocabulary[end as number] !== undefined);
  const ends = [...new Set([...named, ...byName])];
  return {
    bos_token_id: id("bos"),
    ...(ends.length > 0 && { eos_token_id: ends.length > 1 ? ends : ends[0] }),
    pad_token_id: id("padding"),
  };
}

function tokenizerConfig(metadata: ReadonlyMap<string, GgufValue>, contextTokens: number) {
  const vocabulary = metadata.get("tokenizer.ggml.tokens") as readonly string[];
  const named = (name: string) => vocabulary[metadata.get(`tokenizer.ggml.${name}_token_id`) as number];
  return {
    add_prefix_space: false,
    bos_token: named("bos"),
    clean_up_tokenization_spaces: false,
    eos_token: named("eos"),
    model_max_length: contextTokens,
    pad_token: named("padding"),
    // Takes tokenizer.json as it is; classes named after a model would rebuild its pre-tokenizer.
    tokenizer_class: "PreTrainedTokenizerFast",
  };
}
