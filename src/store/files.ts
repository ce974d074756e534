/**
 * Files that survive a power cut: written under a temporary name, forced to disk, renamed, and the folder forced too.
 * What goes wrong with the disk is named (StorageFull, StorageUnavailable), with the path.
 */
import { createHash } from "node:crypto";
import { constants, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { FileDigest } from "../core/ports/artifacts.ts";
import { storageFailure } from "../core/storage-failure.ts";
import type { FileSystem } from "./file-system.ts";

/** Large enough that system calls do not count, small enough (5 ms of hashing) that heartbeats go out between blocks. */
const blockBytes = 4 * 1024 * 1024;

/** sha256 of a file in one pass; the next block is read while this one is hashed. */
export async function digestFile(fs: FileSystem, path: string): Promise<FileDigest> {
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await digest(file);
  } finally {
    await file.close();
  }
}

/** As `digestFile`, unless its digest is known, and the file is on disk when it returns. */
export async function digestAndSync(fs: FileSystem, path: string, known?: FileDigest): Promise<FileDigest> {
  const file = await fs.open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    // The disk writes while the processor hashes.
    const [found] = await Promise.all([known ?? digest(file), file.sync()]);
    return found;
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}

async function digest(file: FileHandle): Promise<FileDigest> {
  const hash = createHash("sha256");
  // Most files are small, and a block costs a page fault for each of its pages.
  const length = Math.min(blockBytes, Math.max(1, (await file.stat()).size));
  const blocks = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)] as const;
  let bytes = 0;
  let pending = file.read(blocks[0], 0, length, 0);
  for (let turn = 1; ; turn = 1 - turn) {
    const { bytesRead, buffer } = await pending;
    if (bytesRead === 0) return { sha256: hash.digest("hex"), bytes };
    bytes += bytesRead;
    pending = file.read(blocks[turn as 0 | 1], 0, length, bytes);
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** Writes a file that was not there, and forces it to disk. */
export async function writeSynced(fs: FileSystem, path: string, content: string): Promise<void> {
  try {
    const file = await fs.open(path, "wx");
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
export async function syncFolder(fs: FileSystem, path: string): Promise<void> {
  const folder = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames within one file system and makes the new name durable; throws ENOTEMPTY where a folder is there already. */
export async function renameDurably(fs: FileSystem, from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  await syncFolder(fs, dirname(to));
}

/**
 * Creates a folder and its missing parents and makes their names durable, those below `base` even where they are there
 * already: whoever made them may have died before that.
 */
export async function makeFolder(fs: FileSystem, path: string, base: string): Promise<void> {
  try {
    const first = await fs.mkdir(path, { recursive: true });
    const highest = first !== undefined && first.length <= base.length ? dirname(first) : base;
    for (let made = path; made.length > highest.length; made = dirname(made))
      await syncFolder(fs, dirname(made)).catch((error: NodeJS.ErrnoException) => {
        // A folder that may not be read: nobody of ours made anything in it.
        if (error.code !== "EACCES") throw error;
      });
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Names an error of the file system; what is not one passes through. */
export function storageError(error: unknown, path: string): unknown {
  return storageFailure(error, `write ${path}`);
}
