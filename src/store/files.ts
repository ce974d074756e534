/**
 * Files that survive a power cut: written under a temporary name, forced to disk, renamed, and the folder forced too.
 * What goes wrong with the disk is named (StorageFull, or an error that says which path refused).
 */
import { createHash } from "node:crypto";
import { constants, type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { RatchetError } from "../core/errors.ts";

/** Large enough that system calls do not count, small enough (5 ms of hashing) that heartbeats go out between blocks. */
const blockBytes = 4 * 1024 * 1024;

export interface FileDigest {
  readonly sha256: string;
  readonly bytes: number;
}

/** sha256 of a file in one pass; the next block is read while this one is hashed. */
export async function digestFile(path: string): Promise<FileDigest> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await digest(file);
  } finally {
    await file.close();
  }
}

/** As `digestFile`, and the file is on disk when it returns. */
export async function digestAndSync(path: string): Promise<FileDigest> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    // The disk writes while the processor hashes.
    const [found] = await Promise.all([digest(file), file.sync()]);
    return found;
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}

async function digest(file: FileHandle): Promise<FileDigest> {
  const hash = createHash("sha256");
  const blocks = [Buffer.allocUnsafe(blockBytes), Buffer.allocUnsafe(blockBytes)] as const;
  let bytes = 0;
  let pending = file.read(blocks[0], 0, blockBytes, 0);
  for (let turn = 1; ; turn = 1 - turn) {
    const { bytesRead, buffer } = await pending;
    if (bytesRead === 0) return { sha256: hash.digest("hex"), bytes };
    bytes += bytesRead;
    pending = file.read(blocks[turn as 0 | 1], 0, blockBytes, bytes);
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** Writes a file that was not there, and forces it to disk. */
export async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames within one file system and makes the new name durable; throws ENOTEMPTY where a folder is there already. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Creates a folder and its missing parents, each name durable. */
async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Names an error of the file system; what is not one passes through. */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof RatchetError || code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new RatchetError(
      "StorageFull",
      `no space left to write ${path} (${code}); free disk space or point RATCHET_HOME at a larger disk`,
      { path, code },
      error,
    );
  return error;
}
