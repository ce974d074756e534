/** 16-bit floats to 32 bits, exactly: IEEE binary16 by table, bfloat16 by its bits. */

/** Value of one IEEE binary16 bit pattern: sign 1, exponent 5 (bias 15), fraction 10. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** halfValues[bits] is the float32 value of a binary16 bit pattern; 256 KiB, filled once. */
export const halfValues: Float32Array = Float32Array.from({ length: 65_536 }, (_, bits) => halfValue(bits));

/** Little-endian binary16 bytes to float32. */
export function halfToFloat(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bytes.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = halfValues[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
  return out;
}

/** Little-endian bfloat16 bytes to float32: the upper half of the float32 pattern. */
export function bfloatToFloat(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bytes.length / 2);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
  return out;
}
