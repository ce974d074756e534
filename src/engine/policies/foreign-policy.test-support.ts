/** What transformers saved of a tiny model, with its weights, and the policy that is made of it; in folders that end with the tests. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { familyFolder, familyWeights } from "../../../tests/goldens/families.ts";
import { type TensorSource, writeSafetensors } from "../formats/safetensors.ts";
import { readFolderPolicy } from "./folder-policy.ts";
import { writePolicy } from "./foreign-policy.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-foreign-"));
afterAll(() => rmSync(root, { recursive: true }));
export const fresh = () => mkdtempSync(join(root, "folder-"));
export const json = (folder: string, name: string) =>
  JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;
export const change = (folder: string, name: string, over: object) =>
  writeFileSync(join(folder, name), JSON.stringify({ ...json(folder, name), ...over }));

export function changeMerges(folder: string, edit: (merges: unknown[]) => void): void {
  const { model } = json(folder, "tokenizer.json") as { model: { merges: unknown[] } };
  edit(model.merges);
  change(folder, "tokenizer.json", { model });
}

export const tensors = (folder: string): TensorSource[] =>
  [...familyWeights(json(folder, "config.json")).tensors].map(([name, { shape, data }]) => ({
    name,
    dtype: "F32",
    shape,
    read: () => data,
  }));

/** What transformers saved of a tiny model, with its weights. */
export async function saved(name: string, edit = (sources: TensorSource[]) => sources): Promise<string> {
  const folder = fresh();
  cpSync(familyFolder(name), folder, { recursive: true });
  await writeSafetensors(join(folder, "model.safetensors"), edit(tensors(folder)));
  return folder;
}

export async function adopted(source: string, reasoning?: boolean): Promise<string> {
  const folder = fresh();
  await writePolicy(await readFolderPolicy(source, reasoning), folder);
  return folder;
}
