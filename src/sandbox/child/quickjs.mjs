// QuickJS with less memory than it was published with. It asks for 16 MB at its start and uses a fifth of a megabyte;
// all of it has to be put back after every call, so it is given room for that and grows when a tool needs more.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const firstPages = 88;
/** Most pages, as the published module says. */
const mostPages = 32_768;
/** How the module names its memory, in binary: an import "a"."a" of at least 256 and at most 32768 pages. */
const memoryImport = Buffer.from([1, 0x61, 1, 0x61, 2, 1, 0x80, 2, 0x80, 0x80, 2]);
const firstPagesAt = 6;

/**
 * The module's layout in bytes: static data, 5 MB of stack that grows downwards, the heap. QuickJS ends a recursion
 * after 256 KB of stack, so that all but the last half megabyte of it stays as it was: zero.
 */
const stack = { from: 90_208, to: 5_333_088 };
const usedStackBytes = 512 * 1024;

/** `{ quickjs, memory, unused }`: the interpreter, its memory, and the range of it that is never used. */
export async function loadQuickJs({ quickjs: path, wasm }) {
  const { newQuickJSWASMModule, newVariant, RELEASE_SYNC } = await import(pathToFileURL(path).href);
  const binary = readFileSync(wasm);
  const at = binary.indexOf(memoryImport);
  if (at < 0) throw new Error(`${wasm} does not import its memory as this version of Ratchet expects`);
  binary.set([0x80 | (firstPages & 0x7f), firstPages >> 7], at + firstPagesAt);
  const memory = new WebAssembly.Memory({ initial: firstPages, maximum: mostPages });
  const wasmModule = new WebAssembly.Module(binary);
  const quickjs = await newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmModule, wasmMemory: memory }));
  const unused = { from: stack.from, to: stack.to - usedStackBytes };
  if (new Uint8Array(memory.buffer, unused.from, unused.to - unused.from).some((byte) => byte !== 0))
    throw new Error(`${wasm} does not lay out its memory as this version of Ratchet expects`);
  return { quickjs, memory, unused };
}
