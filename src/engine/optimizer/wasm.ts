/**
 * Just enough of a WebAssembly assembler for loops over float32 vectors that compute in float64, two lanes at a time. Every
 * instruction used is exact by IEEE 754 and none is fused, so the bytes are those of plain TypeScript on any machine.
 *
 * Code is a list of bytes in postfix order; an expression is built by nesting. Opcodes: WebAssembly core specification 2.0, 5.4.
 */

export type Code = readonly number[];

/** LEB128, unsigned. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

/** LEB128, signed, for the constants of loops: none is negative. */
function signed(value: number): Code {
  return value < 64 ? [value] : [(value % 128) + 128, ...signed(Math.floor(value / 128))];
}

const simd = (opcode: number, ...immediates: Code): Code => [0xfd, ...unsigned(opcode), ...immediates];
const float64Alignment = 3;

export const i32 = {
  type: 0x7f,
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  lessThan: (a: Code, b: Code): Code => [...a, ...b, 0x49],
};
export const f64 = { type: 0x7c, add: (a: Code, b: Code): Code => [...a, ...b, 0xa0] };
export const f64x2 = {
  type: 0x7b,
  splat: (x: Code): Code => [...x, ...simd(0x14)],
  zero: simd(0x0c, ...new Array<number>(16).fill(0)),
  lane: (x: Code, index: 0 | 1): Code => [...x, ...simd(0x21, index)],
  sqrt: (x: Code): Code => [...x, ...simd(0xef)],
  add: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf0)],
  subtract: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf1)],
  multiply: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf2)],
  divide: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xf3)],
  /** The two float32 at address + offset. */
  load: (address: Code, offset: number): Code => [
    ...address,
    ...simd(0x5d, float64Alignment, ...unsigned(offset)),
    ...simd(0x5f),
  ],
  /** Rounds to float32, as the first two of four; the others are 0. */
  toFloat32: (x: Code): Code => [...x, ...simd(0x5e)],
  fromFloat32: (x: Code): Code => [...x, ...simd(0x5f)],
};
export const f32x4 = {
  add: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe4)],
  multiply: (a: Code, b: Code): Code => [...a, ...b, ...simd(0xe6)],
  /** The first two, to address + offset. */
  store: (address: Code, offset: number, x: Code): Code => [
    ...address,
    ...x,
    ...simd(0x5b, float64Alignment, ...unsigned(offset), 0),
  ],
};

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/** Runs the body, then again for as long as the condition holds. */
export const repeatWhile = (condition: Code, body: Code): Code => [
  ...[0x03, 0x40],
  ...body,
  ...condition,
  ...[0x0d, 0],
  0x0b,
];

export interface WasmFunction {
  readonly name: string;
  /** Types, as in `i32.type`. */
  readonly parameters: Code;
  readonly results: Code;
  /** Types of the locals that follow the parameters. */
  readonly locals: Code;
  readonly body: Code;
}

export const pageBytes = 65_536;

/** A module with a memory of so many pages, exported as `memory` beside the functions. */
export function wasmModule(pages: number, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
  const sized = (code: Code): Code => [...unsigned(code.length), ...code];
  const name = (text: string): Code => sized([...Buffer.from(text)]);
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(vector(items))];
  const types = (list: Code) => vector(list.map((type) => [type]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters, results }) => [0x60, ...types(parameters), ...types(results)]),
    ),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [
      [...name("memory"), 2, 0],
      ...functions.map((each, index) => [...name(each.name), 0, ...unsigned(index)]),
    ]),
    ...section(
      10,
      functions.map(({ locals, body }) => sized([...vector(locals.map((type) => [1, type])), ...body, 0x0b])),
    ),
  ]);
}

/** Node's types leave WebAssembly to the DOM library, which has no place here. */
const { Module, Instance } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
      Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
    };
  }
).WebAssembly;

/** The functions of the module by name, and its memory. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>) {
  const { memory, ...functions } = new Instance(new Module(bytes)).exports;
  return {
    memory: (memory as { readonly buffer: ArrayBuffer }).buffer,
    functions: functions as Readonly<Record<string, (...parameters: number[]) => number>>,
  };
}
