/** A stored policy as a folder for other programs: whole, an adapter merged into its weights, or the adapter alone. */
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { RatchetError } from "../../core/errors.ts";
import { storageFailure } from "../../core/storage-failure.ts";
import { adapterFiles } from "../formats/adapter-file.ts";
import { writeCheckpoint } from "../formats/checkpoint.ts";
import { Arenas } from "../runtime/arenas.ts";
import { LoadedPolicies } from "../runtime/loaded-policies.ts";
import type { PolicyLocation } from "../runtime/messages.ts";

/** A folder that `transformers` loads, without the optimizer's state. Throws InvalidInput where `folder` holds something. */
export async function exportPolicy(location: PolicyLocation, folder: string): Promise<void> {
  await fill(folder, async () => {
    const { weights } = await new LoadedPolicies(new Arenas()).get(location);
    await writeCheckpoint(folder, location.folder, weights, undefined);
  });
}

/** A folder that `peft` loads onto the base. Throws InvalidInput where the policy has no adapter. */
export async function exportAdapter(location: PolicyLocation, folder: string): Promise<void> {
  if (location.base === undefined)
    throw new RatchetError(
      "InvalidInput",
      `checkpoint ${location.hash} holds weights and no adapter; export it without --adapter`,
      { field: "--adapter" },
    );
  await fill(folder, async () => {
    for (const name of adapterFiles) await copyFile(join(location.folder, name), join(folder, name));
  });
}

/** With nothing left of what came to no end. Throws StorageFull or StorageUnavailable. */
async function fill(folder: string, write: () => Promise<void>): Promise<void> {
  await makeEmpty(folder);
  try {
    await write();
  } catch (error) {
    const written = await readdir(folder).catch(() => []);
    for (const name of written)
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
    throw storageFailure(error, `write ${folder}`);
  }
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
