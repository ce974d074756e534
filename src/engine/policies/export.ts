/** A stored policy as a folder for other programs: whole, an adapter merged into its weights, or the adapter alone. */
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { RatchetError } from "../../core/errors.ts";
import { adapterFiles } from "../formats/adapter-file.ts";
import { writeCheckpoint } from "../formats/checkpoint.ts";
import { Arenas } from "../runtime/arenas.ts";
import { LoadedPolicies } from "../runtime/loaded-policies.ts";
import type { PolicyLocation } from "../runtime/messages.ts";

/** A folder that `transformers` loads, without the optimizer's state. Throws InvalidInput where `folder` holds something. */
export async function exportPolicy(location: PolicyLocation, folder: string): Promise<void> {
  await makeEmpty(folder);
  const { weights } = await new LoadedPolicies(new Arenas()).get(location);
  await writeCheckpoint(folder, location.folder, weights, undefined);
}

/** A folder that `peft` loads onto the base. Throws InvalidInput where the policy has no adapter. */
export async function exportAdapter(location: PolicyLocation, folder: string): Promise<void> {
  if (location.base === undefined)
    throw new RatchetError(
      "InvalidInput",
      `checkpoint ${location.hash} holds weights and no adapter; export it without --adapter`,
      { field: "--adapter" },
    );
  await makeEmpty(folder);
  for (const name of adapterFiles) await copyFile(join(location.folder, name), join(folder, name));
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await readdir(folder);
  if (found.length > 0)
    throw new RatchetError(
      "InvalidInput",
      `folder ${folder} holds ${found.length} files, the first '${found[0]}'; name one that is new or empty`,
      { field: "folder", value: folder },
    );
}
