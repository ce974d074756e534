/**
 * One file over HTTP, whole or not at all: bytes gather in `FILE.PID-CHANCE.partial`, which nobody else writes and whose
 * content a later process takes over where this one dies; at the end they must have the hash that was promised, and only
 * then get the file's name.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { RatchetError } from "../../core/errors.ts";
import { storageFailure } from "../../core/storage-failure.ts";
import { unreadable } from "../formats/unreadable.ts";
import { identityOf } from "../runtime/process-identity.ts";
import { type RequestOptions, reasonOf, request, unreachable } from "./request.ts";

export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** sha256 of the content, or git's sha1 of it as a blob. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string };
}

export interface DownloadOptions extends RequestOptions {
  readonly url: string;
}

/** A connection may break this often without a new byte; each that brought some starts the count anew. */
const mostFailures = 3;

/** A partial file may vanish this often, where it was taken for that of a process that is gone. */
const mostVanished = 3;

/** Downloads of this process that are under way, by target: whoever else wants the file waits for the same one. */
const underWay = new Map<string, Promise<void>>();

/**
 * Does nothing where the file is there as promised. Throws ServiceUnavailable, ModelUnreadable, StorageFull or
 * StorageUnavailable. `options` are those of the first that asks while the download is under way.
 */
export function download(file: RemoteFile, target: string, options: DownloadOptions): Promise<void> {
  const begun =
    underWay.get(target) ?? fetchWhole(file, target, options).finally(() => underWay.delete(target));
  underWay.set(target, begun);
  return begun;
}

/** Whether the file is there as promised. */
export const isWhole = async (file: RemoteFile, target: string): Promise<boolean> =>
  (await sizeOf(target)) === file.bytes && (await hashOf(target, file)) === file.hash.hex;

async function fetchWhole(file: RemoteFile, target: string, options: DownloadOptions): Promise<void> {
  try {
    for (let vanished = 0; vanished < mostVanished; vanished++) {
      if (await isWhole(file, target)) return;
      const partial = `${target}.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
      await takeOver(target, partial);
      await fill(file, partial, options);
      if (await finish(file, partial, target, options.url)) return;
    }
  } catch (cause) {
    throw storageFailure(cause, `write ${target}`);
  }
  throw unreadable(target, "other processes keep taking what was fetched of it");
}

/**
 * What processes that are gone had of this file. It is copied, because one that only seems to be gone, as one of another
 * container does, goes on writing its own.
 */
async function takeOver(target: string, partial: string): Promise<void> {
  const prefix = `${basename(target)}.`;
  for (const name of await readdir(dirname(target))) {
    const pid = /^(\d+)-\w+\.partial$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "")?.[1];
    // What this process left was left by a download that failed.
    if (pid === undefined || (Number(pid) !== process.pid && identityOf(Number(pid)) !== undefined)) continue;
    const left = join(dirname(target), name);
    if (((await sizeOf(left)) ?? 0) > ((await sizeOf(partial)) ?? 0))
      await copyFile(left, partial, constants.COPYFILE_FICLONE).catch((error: NodeJS.ErrnoException) => {
        // Another process may have been faster.
        if (error.code !== "ENOENT") throw error;
      });
    await rm(left, { force: true });
  }
}

/** Fetches until the partial file has as many bytes as promised. */
async function fill(file: RemoteFile, partial: string, options: DownloadOptions): Promise<void> {
  for (let failures = 0; ; ) {
    const before = (await sizeOf(partial)) ?? 0;
    if (before === file.bytes && before > 0) return;
    try {
      return await append(file, partial, before, options);
    } catch (error) {
      if (!(error instanceof RatchetError && error.type === "ServiceUnavailable")) throw error;
      failures = ((await sizeOf(partial)) ?? 0) > before ? 1 : failures + 1;
      if (failures >= mostFailures) throw error;
    }
  }
}

/** Gives the whole file its name; false where another process has taken it. */
async function finish(file: RemoteFile, partial: string, target: string, url: string): Promise<boolean> {
  try {
    const found = await hashOf(partial, file);
    if (found === file.hash.hex) await rename(partial, target);
    else {
      await rm(partial, { force: true });
      throw unreadable(url, `its ${file.hash.kind} hash is ${found}, the Hub promises ${file.hash.hex}`);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Asks for what is missing and writes it; a server that sends the whole anew is taken at its word. */
async function append(
  file: RemoteFile,
  partial: string,
  before: number,
  options: DownloadOptions,
): Promise<void> {
  const resumes = before > 0 && before < file.bytes;
  const response = await request(options.url, resumes ? { range: `bytes=${before}-` } : {}, options);
  if (response.status === 416) {
    await rm(partial, { force: true });
    throw unreachable(options.url, `it cannot go on from byte ${before}`, undefined);
  }
  const goesOn = response.status === 206;
  const handle = await open(partial, goesOn ? "a" : "w");
  try {
    for await (const chunk of received(file, response, goesOn ? before : 0, options.url))
      await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What comes over the network: what breaks in here is the connection, and what breaks around it is not. */
async function* received(
  file: RemoteFile,
  response: Response,
  begin: number,
  url: string,
): AsyncGenerator<Uint8Array> {
  let here = begin;
  try {
    for await (const chunk of response.body ?? []) {
      here += chunk.length;
      if (here > file.bytes)
        throw unreadable(url, `it sends more than the ${file.bytes} bytes that the Hub names`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof RatchetError) throw cause;
    throw unreachable(
      url,
      `the connection broke at byte ${here} of ${file.bytes} (${reasonOf(cause)})`,
      cause,
    );
  }
  if (here < file.bytes)
    throw unreachable(url, `the connection ended at byte ${here} of ${file.bytes}`, undefined);
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size;

async function hashOf(file: string, { bytes, hash: { kind } }: RemoteFile): Promise<string> {
  const hash = kind === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
