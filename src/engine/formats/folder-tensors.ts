/** The tensors of a Hugging Face folder, in one file or in the parts that its index names; listed, and read on demand. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { adapterFiles } from "./adapter-file.ts";
import { readJson } from "./json-text.ts";
import type { ForeignTensor } from "./model-tensors.ts";
import { listSafetensors, readSafetensorsTensor } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

export const weightsFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";
/** No path: a part lies beside its index. */
export const partName = /^[\w-]+(\.[\w-]+)*$/;
const index = z.object({ weight_map: z.record(z.string(), z.string().regex(partName)) });

/** Throws ModelUnreadable. */
export async function folderTensors(folder: string): Promise<ForeignTensor[]> {
  const tensors: ForeignTensor[] = [];
  for (const name of await weightFiles(folder)) {
    const file = join(folder, name);
    for (const entry of await listSafetensors(file)) {
      const dtype = entry.dtype === "I32" ? "I32" : "F32";
      const read = (into?: Parameters<typeof readSafetensorsTensor>[2]) =>
        readSafetensorsTensor(file, entry, into);
      tensors.push({ file, source: { name: entry.name, dtype, shape: entry.shape, read } });
    }
  }
  return tensors;
}

async function weightFiles(folder: string): Promise<string[]> {
  if (await isFile(join(folder, weightsFile))) return [weightsFile];
  if (await isFile(join(folder, indexFile))) return partsOf(join(folder, indexFile));
  if (await isFile(join(folder, adapterFiles[0]!)))
    throw unreadable(
      folder,
      "it holds an adapter and no weights; merge it first (`ratchet export`, or peft)",
    );
  throw unreadable(
    folder,
    `it has neither ${weightsFile} nor ${indexFile}; save the model as safetensors with transformers`,
  );
}

/** Names of the parts that an index names, each once. Throws ModelUnreadable. */
export async function partsOf(file: string): Promise<string[]> {
  const parsed = index.safeParse(await readJson(file));
  if (parsed.success) return [...new Set(Object.values(parsed.data.weight_map))].sort();
  throw unreadable(file, "its weight_map does not give each tensor a file of this folder");
}

export const isFile = async (file: string) => (await stat(file).catch(() => undefined))?.isFile() === true;
