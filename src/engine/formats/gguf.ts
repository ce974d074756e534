/**
 * GGUF version 2 and 3: metadata and tensors of a file as llama.cpp writes it, every count and offset checked against
 * the file's size before it is used. Tensors stay in the file, in quantized blocks, until one is asked for.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { readRange, withFile } from "./bytes.ts";
import { blockLayouts, unknownTypes } from "./gguf-blocks.ts";
import { unreadable } from "./unreadable.ts";

export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** Outermost dimension first, as safetensors has it; the file stores the reverse. */
  readonly shape: readonly number[];
  /** ggml type number, one of `blockLayouts`. */
  readonly type: number;
  /** Where its blocks are, in bytes of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface Gguf {
  readonly file: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Most bytes of metadata and tensor list: Llama 3's and Qwen3's 150,000 tokens take 6 to 8 MB. */
const maxHeaderBytes = 2 ** 26;
/** Read at first; a header that is longer is read again whole, or to its limit. */
const firstBytes = 2 ** 24;
/** Most values of one metadata array: far more than any vocabulary or list of merges. */
const maxArrayLength = 2 ** 22;

/** Throws ModelUnreadable for a file that is truncated, of another format, or has a tensor type we cannot widen. */
export function readGguf(file: string): Promise<Gguf> {
  return withFile(file, async (handle, size) => {
    const first = new Reader(file, await readRange(handle, file, 0, Math.min(size, firstBytes)), size);
    try {
      return parseGguf(first, size);
    } catch (error) {
      const longer = Math.min(size, maxHeaderBytes);
      if (!first.ranOut || longer <= firstBytes) throw error;
      return parseGguf(new Reader(file, await readRange(handle, file, 0, longer), size), size);
    }
  });
}

/** One tensor's values, widened to float32. */
export const readGgufTensor = (file: string, { type, begin, end }: GgufTensor): Promise<Float32Array> =>
  withFile(file, async (handle) => blockLayouts.get(type)!.widen(await readRange(handle, file, begin, end)));

function parseGguf(reader: Reader, size: number): Gguf {
  const { file } = reader;
  const magic = reader.take(4);
  if (String.fromCharCode(...magic) !== "GGUF") throw unreadable(file, "it does not begin with 'GGUF'");
  const version = reader.uint32();
  if (version !== 2 && version !== 3) throw unreadable(file, `its GGUF version is ${version}, not 2 or 3`);
  const tensorCount = reader.size();
  const metadataCount = reader.size();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i++) {
    const key = reader.text();
    if (metadata.has(key)) throw unreadable(file, `its metadata has '${key}' twice`, { key });
    metadata.set(key, reader.value(reader.uint32()));
  }
  const infos: TensorInfo[] = [];
  for (let i = 0; i < tensorCount; i++) infos.push(readTensorInfo(reader));
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 1 || alignment % 8 !== 0)
    throw unreadable(file, `general.alignment is ${alignment}, not a multiple of 8`);
  const dataBegin = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  // As llama.cpp has it: one tensor after the other, so that no two share bytes.
  let due = 0;
  for (const info of infos) {
    const { name, offset } = info;
    if (tensors.has(name)) throw unreadable(file, `tensor '${name}' is there twice`, { name });
    if (offset !== due)
      throw unreadable(file, `tensor '${name}' begins at data byte ${offset} where ${due} is due`, { name });
    const tensor = locate(file, info, dataBegin, size);
    tensors.set(name, tensor);
    due = Math.ceil((tensor.end - dataBegin) / alignment) * alignment;
  }
  if (size > dataBegin + due)
    throw unreadable(file, `its last tensor ends at byte ${dataBegin + due} and the file has ${size}`);
  return { file, metadata, tensors };
}

interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** From the beginning of the data section. */
  readonly offset: number;
}

function readTensorInfo(reader: Reader): TensorInfo {
  const name = reader.text();
  const rank = reader.uint32();
  if (rank > 4)
    throw unreadable(reader.file, `tensor '${name}' has ${rank} dimensions, at most 4 are allowed`);
  const shape = Array.from({ length: rank }, () => reader.size()).reverse();
  return { name, shape, type: reader.uint32(), offset: reader.size() };
}

function locate(file: string, info: TensorInfo, dataBegin: number, size: number): GgufTensor {
  const { name, shape, type, offset } = info;
  const layout = blockLayouts.get(type);
  if (layout === undefined) {
    const known = [...blockLayouts.values()].map((block) => block.name).join(", ");
    const found = [unknownTypes[type], `ggml type ${type}`].filter((part) => part !== undefined).join(", ");
    throw unreadable(file, `tensor '${name}' has ${found}, known are ${known}`, { name, type });
  }
  const row = shape.at(-1) ?? 1;
  if (row % layout.elements !== 0)
    throw unreadable(file, `rows of '${name}' have ${row} elements, no multiple of ${layout.elements}`);
  const elements = shape.reduce((product, length) => product * length, 1);
  const begin = dataBegin + offset;
  const end = begin + (elements / layout.elements) * layout.bytes;
  if (!(end <= size)) throw unreadable(file, `tensor '${name}' ends at byte ${end} of ${size}`, { name });
  return { name, shape, type, begin, end };
}

/** Nothing is mended or left out: a text is what the file says. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over the beginning of a file that refuses to run past what is there. */
class Reader {
  readonly file: string;
  readonly bytes: Uint8Array;
  position = 0;
  /** It stopped because the file goes on beyond the bytes given. */
  ranOut = false;
  private readonly fileBytes: number;
  private readonly view: DataView;

  constructor(file: string, bytes: Uint8Array, fileBytes: number) {
    this.file = file;
    this.bytes = bytes;
    this.fileBytes = fileBytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    const end = this.position + count;
    if (end > this.fileBytes)
      throw unreadable(this.file, `its header needs byte ${end} and the file has ${this.fileBytes}`);
    if (end > this.bytes.length) {
      this.ranOut = true;
      throw unreadable(this.file, `its header needs byte ${end}, at most ${maxHeaderBytes} are read`);
    }
    const taken = this.bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }

  /** Offset of a number of `width` bytes that is now read. */
  private number(width: number): number {
    return this.take(width).byteOffset - this.bytes.byteOffset;
  }

  uint32(): number {
    return this.view.getUint32(this.number(4), true);
  }

  /** A 64-bit count, length or offset. */
  size(): number {
    const value = Number(this.view.getBigUint64(this.number(8), true));
    if (!Number.isSafeInteger(value)) throw unreadable(this.file, `its header holds a size of ${value}`);
    return value;
  }

  text(): string {
    const bytes = this.take(this.size());
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw unreadable(
        this.file,
        `its header holds a text that is no UTF-8, before byte ${this.position}`,
        {},
        cause,
      );
    }
  }

  /** A metadata value of the given GGUF value type; 64-bit integers lose what a double cannot hold. */
  value(type: number): GgufValue {
    const { view } = this;
    switch (type) {
      case 0:
        return view.getUint8(this.number(1));
      case 1:
        return view.getInt8(this.number(1));
      case 2:
        return view.getUint16(this.number(2), true);
      case 3:
        return view.getInt16(this.number(2), true);
      case 4:
        return view.getUint32(this.number(4), true);
      case 5:
        return view.getInt32(this.number(4), true);
      case 6:
        return view.getFloat32(this.number(4), true);
      case 7:
        return view.getUint8(this.number(1)) !== 0;
      case 8:
        return this.text();
      case 9:
        return this.array();
      case 10:
        return Number(view.getBigUint64(this.number(8), true));
      case 11:
        return Number(view.getBigInt64(this.number(8), true));
      case 12:
        return view.getFloat64(this.number(8), true);
      default:
        throw unreadable(this.file, `a metadata value has GGUF type ${type}, known are 0 to 12`);
    }
  }

  private array(): GgufValue[] {
    const type = this.uint32();
    // Nothing we read nests arrays, and refusing them bounds the recursion of a hostile file.
    if (type === 9) throw unreadable(this.file, "a metadata array holds arrays, which no model's file does");
    const length = this.size();
    if (length > maxArrayLength)
      throw unreadable(
        this.file,
        `a metadata array has ${length} values, at most ${maxArrayLength} are read`,
      );
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.value(type));
    return values;
  }
}
