/**
 * One file over HTTP, whole or not at all: bytes gather in `FILE.PID.partial`, which a later process takes over where this
 * one dies; at the end they must have the hash that was promised, and only then get the file's name.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { RatchetError } from "../../core/errors.ts";
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
  /** Told of the bytes that are here, now and then. */
  readonly onBytes: (bytes: number) => void;
}

/** A connection may break this often without a new byte; each that brought some starts the count anew. */
const mostFailures = 3;

/** Does nothing where the file is there as promised. Throws ServiceUnavailable or ModelUnreadable. */
export async function download(file: RemoteFile, target: string, options: DownloadOptions): Promise<void> {
  if ((await sizeOf(target)) === file.bytes && (await hashOf(target, file)) === file.hash.hex) return;
  const partial = `${target}.${process.pid}.partial`;
  await takeOver(target, partial);
  for (let failures = 0; ; ) {
    const before = (await sizeOf(partial)) ?? 0;
    if (before === file.bytes && before > 0) break;
    try {
      await append(file, partial, before, options);
      break;
    } catch (error) {
      if (error instanceof RatchetError && error.type !== "ServiceUnavailable") throw error;
      failures = ((await sizeOf(partial)) ?? 0) > before ? 1 : failures + 1;
      if (failures >= mostFailures) throw error;
    }
  }
  const found = await hashOf(partial, file);
  if (found !== file.hash.hex) {
    await rm(partial, { force: true });
    throw unreadable(
      options.url,
      `its ${file.hash.kind} hash is ${found}, the Hub promises ${file.hash.hex}`,
    );
  }
  await rename(partial, target);
}

/** What a process that is gone had of this file. */
async function takeOver(target: string, partial: string): Promise<void> {
  const prefix = `${basename(target)}.`;
  for (const name of await readdir(dirname(target))) {
    const pid = /^(\d+)\.partial$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "")?.[1];
    if (pid === undefined || identityOf(Number(pid)) !== undefined) continue;
    // Another process may have been faster.
    await rename(join(dirname(target), name), partial).catch(() => {});
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
    await writeBody(file, handle, response, goesOn ? before : 0, options);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeBody(
  file: RemoteFile,
  handle: FileHandle,
  response: Response,
  begin: number,
  { url, onBytes }: DownloadOptions,
): Promise<void> {
  let here = begin;
  try {
    for await (const chunk of response.body ?? []) {
      here += chunk.length;
      if (here > file.bytes)
        throw unreadable(url, `it sends more than the ${file.bytes} bytes that the Hub names`);
      await handle.writeFile(chunk);
      onBytes(here);
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
