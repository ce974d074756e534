// The child that runs Python tools in Pyodide, or makes the snapshot that such children start from, or compiles
// programs; the latter two never run a tool. A call finds the interpreter as no call had left it, down to the addresses
// of objects: its whole memory is put back, unless the calls since it was have provably left nothing (stateless.py).
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import {
  capMemory,
  finish,
  fixClockAndRandomness,
  growths,
  hashSeed,
  lockDown,
  reaches,
  readFrame,
  readJob,
  report,
  reportBroken,
  settings,
  tellPortion,
  timeZone,
  watchImports,
  write,
} from "./host.mjs";
import { createImages } from "./image.mjs";
import { exampleArguments } from "./warm-up.mjs";

const sourceOf = (name) => fs.readFileSync(new URL(name, import.meta.url), "utf8");
/**
 * What Pyodide imports to use an object of JavaScript's as one of Python's, or to call a function of the interpreter's by
 * its address. A tool that digs for them can change what the host's own objects inherit from, which is no memory of the
 * interpreter's: no call comes after one that used any (a plain call only gets what it is given, of a list of the host's).
 */
const bridge =
  /^(_?Js(Proxy|Map|ObjMap|Array|Module|DoubleProxy|Buffer|vArray(?!_Get$)|vObject|vFunction|vBuffer)|ffi_|_dl|_emscripten_(dlopen|system)|emscripten_asm|raw_call|create_|python2js_)/;
/** Longest compiled program that is told, in characters of base64. */
const longestProgram = 500_000;
/** Calls without a trace after which memory is put back all the same. */
const mostCallsInARow = 256;

fixClockAndRandomness();
capMemory(settings.memoryBytes);
watchImports(bridge);
// Emscripten reads the open flags this way, which the permission model forbids.
process.binding = () => ({ fs: fs.constants });

/** Set by whatever is written to standard error, such as a warning, which is given once and remembered. */
let complained = false;
const { loadPyodide } = await import(pathToFileURL(`${settings.pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({
  indexURL: settings.pyodide,
  env: { HOME: "/", PYTHONHASHSEED: hashSeed, TZ: timeZone },
  jsglobals: {},
  _sysExecutable: "python",
  stdin: () => null,
  stdout: () => {},
  stderr: () => {
    complained = true;
  },
  ...(settings.task === "snapshot"
    ? { _makeSnapshot: true }
    : { _loadSnapshot: new Uint8Array(readFrame()) }),
});
if (settings.task === "snapshot") {
  python.runPython(sourceOf("runner.py"));
  write(python.makeMemorySnapshot());
  finish();
}
if (settings.task === "compile") python.runPython(sourceOf("stateless.py"));
const { FS, _module: module } = python;
python.globals.get("withdraw")();
const [execute, prepare, compute, translate, loadTable, beElsewhere] = [
  "execute",
  "prepare",
  "compute",
  "translate",
  "load_table",
  "be_elsewhere",
].map((name) => python.globals.get(name));
if (settings.surroundings === "other") beElsewhere();
python.globals.get("tell_portions")(openTelling(FS), settings.stepsPerPortion);
sealFiles(FS);
lockDown();
const streams = FS.streams.length;
const directory = FS.currentPath;
if (settings.task === "run") warmUp();
const images = createImages(() => module.HEAPU8, { from: 0, to: 0 });
const clean = images.take();
let size = images.size();
/** Calls since memory was as in `clean`; infinite where one of them may have left something. */
let calls = 0;
let prepared = new Set();
/** Tables that have been loaded since. */
let loaded = new Set();
/** Memory as in `clean`, but for the one table that was loaded last for a call that may leave anything behind. */
let furnished;
report({ ready: true });

const job = readJob();
const tables = job.tables?.map(() => readFrame());
for (const request of settings.task === "compile" ? job.programs : job.calls) {
  let answer;
  const before = reaches;
  try {
    answer = settings.task === "compile" ? translated(request) : outcomeOf(request);
  } catch {
    reportBroken(); // Python's exceptions are outcomes; what arrives here ended the interpreter
    break;
  }
  report(answer);
  if (reaches !== before) break;
}
finish();

/** `compute` comes last, for it leaves nothing in the library's caches; all memory is as it then is before every call. */
function warmUp() {
  const [program, code] = ["example", python.globals.get("example")];
  const [noTable, fuel, longest] = [undefined, 100_000, 1_000];
  execute(program, "", code, noTable, exampleArguments[0], fuel, longest);
  prepare(program, code);
  for (const text of exampleArguments) JSON.parse(compute(program, program, noTable, text, fuel, longest));
}

function beClean() {
  if (calls > 0) goBackTo(clean);
}

function goBackTo(image) {
  images.putBack(image);
  FS.streams.length = streams;
  FS.currentPath = directory;
  prepared = new Set();
  loaded = new Set();
  calls = 0;
}

/** Memory as it is where nothing but the table has been loaded. */
function beFurnished(table) {
  if (furnished?.table === table) return goBackTo(furnished.image);
  furnished = undefined;
  goBackTo(clean);
  load(table);
  furnished = { table, image: images.take() };
}

function load(table) {
  loadTable(table, tables[table].toString("utf8"));
  loaded.add(table);
}

function outcomeOf({ program, arguments: text }) {
  const { name, code, compiled, stateless, table } = job.programs[program];
  if (stateless && images.size() === size) {
    const outcome = computed(program, text);
    if (outcome) return outcome;
  }
  if (table === undefined) beClean();
  else beFurnished(table);
  calls = Number.POSITIVE_INFINITY;
  return JSON.parse(execute(name, code ?? "", compiled ?? "", table, text, job.fuel, job.longestText));
}

/** Undefined where the call met what earlier calls may have changed: the end of memory, or a warning. */
function computed(program, text) {
  const { name, compiled, table } = job.programs[program];
  if (calls >= mostCallsInARow) beClean();
  if (!prepared.has(program)) {
    prepare(program, compiled);
    prepared.add(program);
  }
  if (table !== undefined && !loaded.has(table)) {
    try {
      load(table);
    } catch {
      calls = Number.POSITIVE_INFINITY; // too many tables at once
      return undefined;
    }
    size = images.size(); // what grew for a table did not grow for a call
  }
  const before = growths;
  complained = false;
  calls++;
  const outcome = JSON.parse(compute(program, name, table, text, job.fuel, job.longestText));
  if (complained || growths !== before) {
    calls = Number.POSITIVE_INFINITY;
    return undefined;
  }
  if (outcome.kind === "out_of_fuel") calls = Number.POSITIVE_INFINITY;
  return outcome;
}

function translated(code) {
  beClean();
  calls = Number.POSITIVE_INFINITY;
  const { compiled, stateless } = JSON.parse(translate(code));
  return compiled.length <= longestProgram ? { compiled, stateless } : { compiled: "", stateless: false };
}

/**
 * A file that a byte is written to for each portion of steps: a function of the host's, given to Python, would be a way
 * out of the interpreter. A tool that writes to it gains no more time than its steps would have.
 */
function openTelling(FS) {
  FS.createDevice("/dev", "steps", undefined, tellPortion);
  const { fd } = FS.open("/dev/steps", "w");
  FS.unlink("/dev/steps");
  return fd;
}

/** The file system is JavaScript's, so putting memory back would not undo a write: nothing can be written, and what is open stays. */
function sealFiles(FS) {
  const readOnlyFileSystem = 69;
  const refuse = () => {
    throw new FS.ErrnoError(readOnlyFileSystem);
  };
  for (const name of [
    "mknod",
    "mkdir",
    "symlink",
    "rename",
    "unlink",
    "rmdir",
    "truncate",
    "chmod",
    "utime",
    "mount",
  ])
    FS[name] = refuse;
  const kept = FS.streams.length;
  const close = FS.close;
  FS.close = (stream) => {
    if (stream.fd < kept) refuse();
    close(stream);
  };
  const open = FS.open;
  FS.open = (path, flags, ...rest) => {
    const accessMode = 3;
    const creates = 64 | 512;
    const writes = typeof flags === "string" ? flags !== "r" : (flags & (accessMode | creates)) !== 0;
    if (writes && !String(path).startsWith("/dev/")) refuse();
    return open(path, flags, ...rest);
  };
}
