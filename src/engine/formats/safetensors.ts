/**
 * Safetensors, read and written. Reading validates every number of the header before it is used and reads each tensor
 * straight into memory the caller chose, so an arena is filled without a copy. Writing streams, and the same tensors
 * give the same bytes: names sorted, fixed header, no time or host in it.
 * Format: https://github.com/huggingface/safetensors (8-byte header length, JSON header, data without holes).
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { FileDigest } from "../../core/ports/artifacts.ts";
import { readInto, readRange, withFile } from "./bytes.ts";
import { bfloatToFloat, halfToFloat } from "./half.ts";
import { parseJson } from "./json-text.ts";
import { repeatedKey } from "./repeated-key.ts";
import { unreadable } from "./unreadable.ts";

/** The reference implementation's limit; a larger length is a damaged or hostile file. */
const maxHeaderBytes = 100_000_000;
/** Written at once: hashed in milliseconds, so that another file may be written between. */
const portionBytes = 4 * 2 ** 20;
const dtypeBytes: Readonly<Record<string, number>> = { F32: 4, I32: 4, F16: 2, BF16: 2 };

export type TensorData = Float32Array | Int32Array;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Where a tensor is to be read: as many elements as the shape says; I32 needs an Int32Array, the rest a Float32Array. */
export type Place = (name: string, shape: readonly number[], dtype: string) => TensorData;

const fresh: Place = (_name, shape, dtype) =>
  dtype === "I32" ? new Int32Array(elements(shape)) : new Float32Array(elements(shape));

/** A tensor of a file: where its data begins and ends, in bytes of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The file's tensors by name, in data order; F16 and BF16 are widened to float32.
 * Throws ModelUnreadable for anything but a whole, well-formed file of F32, F16, BF16 and I32 tensors.
 */
export function readSafetensors(file: string, place: Place = fresh): Promise<Map<string, Tensor>> {
  return withFile(file, async (handle, size) => {
    const tensors = new Map<string, Tensor>();
    for (const entry of await readEntries(handle, file, size)) {
      const data = place(entry.name, entry.shape, entry.dtype);
      await readTensor(handle, file, entry, data);
      tensors.set(entry.name, { shape: entry.shape, data });
    }
    return tensors;
  });
}

/** What a file holds, without its data; throws as `readSafetensors` does. */
export const listSafetensors = (file: string): Promise<SafetensorsEntry[]> =>
  withFile(file, (handle, size) => readEntries(handle, file, size));

/** One tensor of a file that was listed, in memory of its own or where it is wanted. */
export const readSafetensorsTensor = (
  file: string,
  entry: SafetensorsEntry,
  into?: TensorData,
): Promise<TensorData> =>
  withFile(file, async (handle) => {
    const data = into ?? fresh(entry.name, entry.shape, entry.dtype);
    await readTensor(handle, file, entry, data);
    return data;
  });

async function readEntries(handle: FileHandle, file: string, size: number): Promise<SafetensorsEntry[]> {
  if (size < 8) throw unreadable(file, `a safetensors file has at least 8 bytes, this one has ${size}`);
  const prefix = await readRange(handle, file, 0, 8);
  const headerBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  const limit = Math.min(maxHeaderBytes, size - 8);
  if (headerBytes > limit)
    throw unreadable(file, `its header claims ${headerBytes} bytes where at most ${limit} are possible`);
  const dataBegin = 8 + headerBytes;
  const header = parseHeader(file, await readRange(handle, file, 8, dataBegin));
  return parseEntries(file, header, dataBegin, size);
}

async function readTensor(
  handle: FileHandle,
  file: string,
  { dtype, begin, end }: SafetensorsEntry,
  data: TensorData,
): Promise<void> {
  if (dtype === "F32" || dtype === "I32") {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await readInto(handle, file, bytes, begin);
    return;
  }
  const bytes = await readRange(handle, file, begin, end);
  data.set(dtype === "F16" ? halfToFloat(bytes) : bfloatToFloat(bytes));
}

function parseHeader(file: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = parseJson(text);
  } catch (cause) {
    throw unreadable(file, `its header is not JSON (${(cause as Error).message})`, {}, cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw unreadable(file, "its header is not a JSON object");
  const twice = repeatedKey(text);
  if (twice !== undefined) throw unreadable(file, `its header has '${twice}' twice`, { name: twice });
  return header as Record<string, unknown>;
}

/** Entries in data order; together they cover the data section exactly. */
function parseEntries(
  file: string,
  header: Record<string, unknown>,
  dataBegin: number,
  size: number,
): SafetensorsEntry[] {
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseEntry(file, name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered)
      throw unreadable(file, `tensor '${name}' begins at data byte ${begin} where ${covered} is due`, {
        name,
      });
    covered = end;
  }
  if (covered !== size - dataBegin)
    throw unreadable(file, `its tensors need ${covered} data bytes and the file has ${size - dataBegin}`);
  return entries.map(({ begin, end, ...entry }) => ({
    ...entry,
    begin: dataBegin + begin,
    end: dataBegin + end,
  }));
}

/** Offsets are still those of the data section. */
function parseEntry(file: string, name: string, entry: unknown): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof dtype !== "string" || !Object.hasOwn(dtypeBytes, dtype)) {
    const known = Object.keys(dtypeBytes).join(", ");
    throw unreadable(file, `tensor '${name}' has dtype ${JSON.stringify(dtype)}, known are ${known}`, {
      name,
    });
  }
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw unreadable(file, `tensor '${name}' has shape ${JSON.stringify(shape)}, not a list of sizes`, {
      name,
    });
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw unreadable(file, `tensor '${name}' has data_offsets ${JSON.stringify(offsets)}`, { name });
  const [begin, end] = offsets as [number, number];
  const bytes = (shape as number[]).reduce((product, size) => product * size, dtypeBytes[dtype]!);
  if (end - begin !== bytes)
    throw unreadable(
      file,
      `tensor '${name}' of shape [${shape}] needs ${bytes} bytes, data_offsets give ${end - begin}`,
      { name },
    );
  return { name, dtype, shape: shape as number[], begin, end };
}

/** A tensor to write; `read` is called once, in name order, so that only one tensor need be in memory. */
export interface TensorSource {
  readonly name: string;
  readonly dtype: "F32" | "I32";
  readonly shape: readonly number[];
  readonly read: () => TensorData | Promise<TensorData>;
}

/** Writes and fsyncs one file. Throws the system's error (a full disk, no folder) as it is. */
export async function writeSafetensors(file: string, sources: readonly TensorSource[]): Promise<FileDigest> {
  const sorted = [...sources].sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash("sha256");
  const handle = await open(file, "w");
  let length = 0;
  const append = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; at += portionBytes) {
      const portion = bytes.subarray(at, at + portionBytes);
      // Another thread writes what this one hashes.
      const written = writeAll(handle, portion);
      hash.update(portion);
      await written;
    }
    length += bytes.length;
  };
  try {
    await append(encodeHeader(sorted));
    for (const { name, shape, read } of sorted) {
      const data = await read();
      if (data.length !== elements(shape))
        throw new RangeError(`tensor '${name}' of shape [${shape}] has ${data.length} elements`);
      await append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    await handle.sync();
    return { sha256: hash.digest("hex"), bytes: length };
  } finally {
    await handle.close();
  }
}

/** The system may take less than it is given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

/** Length prefix and JSON, padded with spaces so that the data begins on an 8-byte boundary. */
function encodeHeader(sources: readonly TensorSource[]): Uint8Array {
  // "format: pt" is what `transformers` asks for before it loads a file.
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, dtype, shape } of sources) {
    const end = offset + elements(shape) * dtypeBytes[dtype]!;
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
