/** Bytes of model files, also past the 2 GiB that `readFile` refuses, with errors that name the file. */
import type { Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { RatchetError } from "../../core/errors.ts";
import { unreadable } from "./unreadable.ts";

const chunkBytes = 256 * 1024 * 1024;

/** Fills `bytes` from the given position of an open file; throws ModelUnreadable where the file is shorter. */
export async function readInto(
  handle: FileHandle,
  file: string,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(chunkBytes, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0)
      throw unreadable(file, `it ends at byte ${position + done}, ${position + bytes.length} are needed`);
    done += bytesRead;
  }
}

/** Bytes [begin, end) of an open file. */
export async function readRange(
  handle: FileHandle,
  file: string,
  begin: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  await readInto(handle, file, bytes, begin);
  return bytes;
}

/** Whoever opens a pipe waits for somebody to write into it. Throws ModelUnreadable. */
export function requireFile(file: string, found: Stats): void {
  if (!found.isFile())
    throw unreadable(file, `it is ${found.isDirectory() ? "a folder" : "no regular file"}`);
}

/** Opens a model file, hands it over with its size in bytes, and closes it whatever happens. */
export async function withFile<T>(
  file: string,
  use: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let handle: FileHandle;
  try {
    requireFile(file, await stat(file));
    handle = await open(file, "r");
  } catch (cause) {
    if (cause instanceof RatchetError) throw cause;
    throw unreadable(file, `it cannot be opened (${(cause as NodeJS.ErrnoException).code})`, {}, cause);
  }
  try {
    return await use(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}
