/** The policy in a GGUF file: weights, configuration, tokenizer and chat template are all in it. */
import { stat } from "node:fs/promises";
import type { GgufValue } from "../formats/gguf.ts";
import { readGgufModel } from "../formats/gguf-model.ts";
import { modelTensors } from "../formats/model-tensors.ts";
import { unreadable } from "../formats/unreadable.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { tokenizerFromGguf } from "../tokenizer/gguf-tokenizer.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { type ForeignPolicy, jsonText } from "./foreign-policy.ts";
import { fitTexts } from "./policy-texts.ts";

/** Throws ModelUnreadable. `reasoning` undefined leaves that to the template's default. */
export async function readGgufPolicy(file: string, reasoning: boolean | undefined): Promise<ForeignPolicy> {
  if ((await stat(file).catch(() => undefined))?.isDirectory())
    throw unreadable(file, "it is a folder and not a GGUF file");
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
    generation: undefined,
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
