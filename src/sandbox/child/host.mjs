// What both interpreters' children share: reading what the parent sends, one fixed clock and one fixed source of
// randomness, taking away every way to the machine that Node offers, and the lines that report outcomes. It runs as
// plain JavaScript because a child must start in a fraction of a second.
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";

const { readSync, writeSync } = fs;
const exit = process.reallyExit.bind(process);

// Node's own report of an error begins with the source line, which in an interpreter is a megabyte long.
process.on("uncaughtException", (error) => {
  writeSync(2, String(error?.stack ?? error).slice(0, 500));
  exit(1);
});

/** What the parent says before any tool is known: where the interpreter is, its surroundings and its limits. */
export const settings = JSON.parse(process.argv[3]);

/** What tools see as now, which stands still, where they take themselves to be, and what their chance begins with. */
export const { epochMs, timeZone, seed, hashSeed } = {
  usual: { epochMs: Date.UTC(2025, 0, 1), timeZone: "UTC", seed: 89, hashSeed: "0" },
  other: {
    epochMs: Date.UTC(2031, 6, 17, 5, 43, 21, 987),
    timeZone: "Asia/Kolkata",
    seed: 34,
    hashSeed: "1",
  },
}[settings.surroundings];

/** The next frame from standard input: its length in bytes, a line feed, the bytes. Ends the child where there is none. */
export function readFrame() {
  const digit = Buffer.alloc(1);
  let length = 0;
  for (readInto(digit); digit[0] !== 10; readInto(digit)) length = length * 10 + digit[0] - 48;
  const frame = Buffer.allocUnsafeSlow(length);
  readInto(frame);
  return frame;
}

export const readJob = () => JSON.parse(readFrame().toString("utf8"));

function readInto(buffer) {
  for (let at = 0; at < buffer.length; ) {
    const count = readSync(0, buffer, at, buffer.length - at, null);
    if (count === 0) exit(0); // a spare that is no longer wanted
    at += count;
  }
}

/** Writes everything, however the pipe cuts it; returns when the parent's end has taken it. */
export function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") exit(1);
    }
  }
}

const portion = Buffer.from(".");

/**
 * Tells the parent that another portion of steps was counted, which allows the call more processor time. One that is
 * not told is no loss: the pipe is full only where the parent is far behind.
 */
export function tellPortion() {
  try {
    writeSync(3, portion);
  } catch {}
}

export const report = (message) => write(Buffer.from(`${JSON.stringify(message)}\n`));

/** What is said of a call that its interpreter did not survive: os._exit, a stack overflow, a trap. */
export const reportBroken = () => report({ kind: "raised", text: "the tool ended its interpreter", fuel: 0 });

/** Ends the child; what was written has arrived. */
export const finish = () => exit(0);

/** Interpreters take time, time zone and entropy from these. */
export function fixClockAndRandomness() {
  process.env.TZ = timeZone;
  Date.now = () => epochMs;
  performance.now = () => 0;
  const fill = (view) => {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).forEach((_, i, bytes) => {
      bytes[i] = (i * 151 + seed) % 251;
    });
    return view;
  };
  createRequire(import.meta.url)("node:crypto").randomFillSync = fill;
  globalThis.crypto.getRandomValues = fill;
  Math.random = () => seed / 178;
}

/** How often an interpreter has asked for more memory, in vain or not. */
export let growths = 0;

/** A refused growth is the interpreter's own out-of-memory error: the tool's deterministic failure. */
export function capMemory(limitBytes) {
  const pageBytes = 65_536;
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function capped(pages) {
    growths++;
    if (this.buffer.byteLength + pages * pageBytes > limitBytes)
      throw new RangeError("over the memory limit");
    return grow.call(this, pages);
  };
}

/** How often an interpreter has used a function of the host's that is watched. */
export let reaches = 0;

/** Watches functions that an interpreter, which is not loaded yet, will import, by their names. */
export function watchImports(pattern) {
  const { instantiate } = WebAssembly;
  const watched = ([name, imported]) =>
    typeof imported === "function" && pattern.test(name)
      ? [
          name,
          (...given) => {
            reaches++;
            return imported(...given);
          },
        ]
      : [name, imported];
  WebAssembly.instantiate = (source, imports) => {
    const env = imports?.env && Object.fromEntries(Object.entries(imports.env).map(watched));
    return instantiate(source, env ? { ...imports, env } : imports);
  };
}

/** Modules that reach files, processes, the network or other code. Emptied, whoever may still hold one. */
const reachingModules = [
  "child_process",
  "cluster",
  "dgram",
  "dns",
  "dns/promises",
  "fs",
  "fs/promises",
  "http",
  "http2",
  "https",
  "inspector",
  "module",
  "net",
  "tls",
  "vm",
  "worker_threads",
];

/**
 * The second line of defence, should a tool get out of its WebAssembly: nothing is left in this process that opens a
 * file, a socket or a process, and no code can be made from strings (a flag of Node's sees to that). Call it once the
 * interpreter is loaded; from then on the child only calls it, reports and finishes.
 */
export function lockDown() {
  const require = createRequire(import.meta.url);
  const language = require("node:vm").runInNewContext("Object.getOwnPropertyNames(globalThis)");
  for (const module of reachingModules.map((name) => require(`node:${name}`))) empty(module);
  syncBuiltinESMExports();
  empty(process);
  const kept = new Set([...language, "performance", "TextDecoder", "TextEncoder"]);
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!kept.has(name)) Reflect.deleteProperty(globalThis, name);
  globalThis.console = new Proxy({}, { get: () => () => {} });
}

function empty(object) {
  for (const key of Reflect.ownKeys(object))
    if (!Reflect.deleteProperty(object, key)) Reflect.set(object, key, undefined);
}
