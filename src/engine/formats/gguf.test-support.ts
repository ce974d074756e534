/** GGUF files as tests need them: version 3, little-endian, tensors on boundaries of 32 bytes. */

export const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
export const u64 = (value: number | bigint) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
export const f32 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
export const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

export interface RawTensor {
  readonly name: string;
  /** Innermost first, as the file has it. */
  readonly dimensions: readonly number[];
  readonly type: number;
  readonly data: Buffer;
}

/** A key with a float32, or a whole metadata entry in bytes. */
export type RawValue = { readonly key: string; readonly value: number } | Buffer;

export const ggufText = (key: string, value: string) => Buffer.concat([text(key), u32(8), text(value)]);

/** A list of texts, or of int32. */
export const ggufList = (key: string, values: readonly (string | number)[]) =>
  Buffer.concat([
    text(key),
    u32(9),
    u32(typeof values[0] === "number" ? 5 : 8),
    u64(values.length),
    ...values.map((value) => (typeof value === "number" ? u32(value) : text(value))),
  ]);

export function ggufFile(metadata: readonly RawValue[], tensors: readonly RawTensor[]): Buffer {
  let offset = 0;
  const infos = tensors.map(({ name, dimensions, type, data }) => {
    const info = [text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset)];
    offset += Math.ceil(data.length / 32) * 32;
    return Buffer.concat(info);
  });
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(metadata.length),
    ...metadata.map((entry) =>
      Buffer.isBuffer(entry) ? entry : Buffer.concat([text(entry.key), u32(6), f32(entry.value)]),
    ),
    ...infos,
  ]);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  return Buffer.concat([padded(head), ...tensors.map(({ data }) => padded(data))]);
}
