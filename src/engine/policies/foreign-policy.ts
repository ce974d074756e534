/**
 * A model from elsewhere as a policy folder: its small files as they will be, and its tensors, checked but not yet read.
 * What is wrong with it is said of the file that it came from.
 */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { optimizerFile } from "../formats/checkpoint.ts";
import { weightsFile } from "../formats/folder-tensors.ts";
import { type TensorSource, writeSafetensors } from "../formats/safetensors.ts";
import { createChatCodec } from "../tokenizer/codec.ts";

export interface ForeignPolicy {
  /** The folder or file that it came from, for what is said of it. */
  readonly place: string;
  /** Contents of the small files by name: config, generation, tokenizer and its configuration. */
  readonly texts: ReadonlyMap<string, string>;
  /** Every parameter of the model, once; reading checks that its values are finite. */
  readonly tensors: readonly TensorSource[];
  /** AdamW's state, where the model brings it. */
  readonly optimizer: string | undefined;
}

export const jsonText = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/** Fills `folder`, making it if need be; the same model gives the same bytes. Throws ModelUnreadable. */
export async function writePolicy(
  { place, texts, tensors, optimizer }: ForeignPolicy,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of texts) await writeFile(join(folder, name), text, { flush: true });
  await createChatCodec(folder, place);
  await writeSafetensors(join(folder, weightsFile), tensors);
  if (optimizer !== undefined) await copyFile(optimizer, join(folder, optimizerFile));
}
