/**
 * ggml's tensor types widened to float32, bit for bit as llama.cpp's reference `dequantize_row_*` does.
 * A block holds `elements` weights in `bytes` bytes; d and m are binary16, q are small integers.
 *
 *   Q4_0  w = d * (q - 8)    Q4_1  w = d * q + m    Q8_0  w = d * q
 *
 * Low nibbles are the first half of a block, high nibbles the second. d * q is exact in float32 (11 + 8 bits), so the
 * one rounding is that of the store, as in C.
 */
import { bfloatToFloat, halfToFloat, halfValues } from "./half.ts";

interface BlockLayout {
  readonly name: string;
  readonly elements: number;
  readonly bytes: number;
  readonly widen: (bytes: Uint8Array) => Float32Array;
}

/** ggml type number -> layout. */
export const blockLayouts: ReadonlyMap<number, BlockLayout> = new Map([
  [0, { name: "F32", elements: 1, bytes: 4, widen: (bytes) => new Float32Array(bytes.slice().buffer) }],
  [1, { name: "F16", elements: 1, bytes: 2, widen: halfToFloat }],
  [2, { name: "Q4_0", elements: 32, bytes: 18, widen: widenQ4_0 }],
  [3, { name: "Q4_1", elements: 32, bytes: 20, widen: widenQ4_1 }],
  [8, { name: "Q8_0", elements: 32, bytes: 34, widen: widenQ8_0 }],
  [30, { name: "BF16", elements: 1, bytes: 2, widen: bfloatToFloat }],
]);

/** ggml's names of types that are refused, for the refusal: what most files of the Hub have. */
export const unknownTypes: Readonly<Record<number, string>> = {
  6: "Q5_0",
  7: "Q5_1",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

const halfAt = (bytes: Uint8Array, at: number) => halfValues[bytes[at]! | (bytes[at + 1]! << 8)]!;

function widenQ4_0(bytes: Uint8Array): Float32Array {
  return widenNibbles(bytes, 18, (at) => [halfAt(bytes, at), -8 * halfAt(bytes, at), at + 2]);
}

function widenQ4_1(bytes: Uint8Array): Float32Array {
  return widenNibbles(bytes, 20, (at) => [halfAt(bytes, at), halfAt(bytes, at + 2), at + 4]);
}

/** w = scale * nibble + offset, with the block's [scale, offset, first byte of its nibbles] from `header`. */
function widenNibbles(
  bytes: Uint8Array,
  blockBytes: number,
  header: (at: number) => readonly [number, number, number],
): Float32Array {
  const out = new Float32Array((bytes.length / blockBytes) * 32);
  for (let block = 0; block * blockBytes < bytes.length; block++) {
    const [scale, offset, nibbles] = header(block * blockBytes);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[nibbles + i]!;
      out[block * 32 + i] = scale * (pair & 15) + offset;
      out[block * 32 + 16 + i] = scale * (pair >> 4) + offset;
    }
  }
  return out;
}

function widenQ8_0(bytes: Uint8Array): Float32Array {
  const out = new Float32Array((bytes.length / 34) * 32);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0; block * 34 < bytes.length; block++) {
    const scale = halfAt(bytes, block * 34);
    for (let i = 0; i < 32; i++) out[block * 32 + i] = scale * signed[block * 34 + 2 + i]!;
  }
  return out;
}
