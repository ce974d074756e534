/** The small files of a new policy folder; each later checkpoint carries them on unchanged. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface PolicyTexts {
  /** A Hugging Face config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** A tokenizer.json. */
  readonly tokenizer: object;
  readonly chatTemplate: string;
  readonly startOfTurn: string;
  readonly endOfTurn: string;
  readonly unknown: string;
}

/** Writes config.json, generation_config.json, tokenizer.json and tokenizer_config.json into an existing folder. */
export async function writePolicyTexts(folder: string, texts: PolicyTexts): Promise<void> {
  const { config, tokenizer, chatTemplate, startOfTurn, endOfTurn, unknown } = texts;
  const { bos_token_id, eos_token_id, pad_token_id } = config;
  const write = (name: string, value: object) =>
    writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  await write("config.json", config);
  await write("generation_config.json", { bos_token_id, eos_token_id, pad_token_id });
  await write("tokenizer_config.json", {
    add_prefix_space: false,
    bos_token: startOfTurn,
    chat_template: chatTemplate,
    clean_up_tokenization_spaces: false,
    eos_token: endOfTurn,
    model_max_length: config.max_position_embeddings,
    pad_token: endOfTurn,
    // Takes tokenizer.json as it is; classes named after a model would rebuild its pre-tokenizer.
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: unknown,
  });
  // 49,000 merges on lines of their own would triple the file.
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer), { flush: true });
}
