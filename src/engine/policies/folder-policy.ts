/**
 * The policy in a Hugging Face folder: `save_pretrained` of any transformers since fast tokenizers, a snapshot of the Hub,
 * or a checkpoint of our own. Files that are fit for training as they are keep their bytes.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { requireFile } from "../formats/bytes.ts";
import { optimizerFile } from "../formats/checkpoint.ts";
import { folderTensors, isFile } from "../formats/folder-tensors.ts";
import { parseJson } from "../formats/json-text.ts";
import { modelTensors } from "../formats/model-tensors.ts";
import { unreadable } from "../formats/unreadable.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { type ForeignPolicy, jsonText } from "./foreign-policy.ts";
import { fitTexts } from "./policy-texts.ts";

/** A text longer than this is no small file; the largest tokenizers take 35 MB. */
const maxTextBytes = 2 ** 28;

const jsonObject = z.record(z.string(), z.unknown());

/** Throws ModelUnreadable. `reasoning` undefined leaves that to the template's default. */
export async function readFolderPolicy(
  folder: string,
  reasoning: boolean | undefined,
): Promise<ForeignPolicy> {
  const needed = async (name: string, nextStep: string) => {
    const found = await jsonOf(folder, name);
    if (found === undefined) throw unreadable(folder, `it has no ${name}; ${nextStep}`);
    return found;
  };
  const config = await needed("config.json", "name the folder that a model was saved in");
  const shape = parseLlamaConfig(config.value, join(folder, "config.json"));
  const tokenizer = await needed("tokenizer.json", "save the model's fast tokenizer there with transformers");
  parseTokenizer(join(folder, "tokenizer.json"), tokenizer.value, shape.vocabularySize);
  const tokenizerConfig = await jsonOf(folder, "tokenizer_config.json");
  const generation = await jsonOf(folder, "generation_config.json");
  const fit = fitTexts({
    place: folder,
    config: config.value,
    tokenizer: tokenizer.value,
    tokenizerConfig: tokenizerConfig?.value ?? {},
    generation: generation?.value,
    template: await textOf(folder, "chat_template.jinja"),
    reasoning,
  });
  const kept = (before: JsonFile | undefined, after: object) =>
    before && JSON.stringify(before.value) === JSON.stringify(after) ? before.text : jsonText(after);
  return {
    place: folder,
    texts: new Map([
      ["config.json", kept(config, fit.config)],
      ["generation_config.json", kept(generation, fit.generation)],
      ["tokenizer.json", tokenizer.text],
      ["tokenizer_config.json", kept(tokenizerConfig, fit.tokenizerConfig)],
    ]),
    tensors: modelTensors(folder, shape, await folderTensors(folder)),
    optimizer: (await isFile(join(folder, optimizerFile))) ? join(folder, optimizerFile) : undefined,
  };
}

interface JsonFile {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Undefined where there is no such file. */
async function jsonOf(folder: string, name: string): Promise<JsonFile | undefined> {
  const text = await textOf(folder, name);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw unreadable(join(folder, name), (cause as Error).message, {}, cause);
  }
  const object = jsonObject.safeParse(value);
  if (object.success) return { text, value: object.data };
  throw unreadable(join(folder, name), "it is not a JSON object");
}

async function textOf(folder: string, name: string): Promise<string | undefined> {
  const file = join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  requireFile(file, found);
  const bytes = found.size;
  if (bytes > maxTextBytes) throw unreadable(file, `it has ${bytes} bytes, at most ${maxTextBytes} are read`);
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(file, `it cannot be read (${cause.code})`, {}, cause);
  });
}
