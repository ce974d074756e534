// The child that runs Python tools in Pyodide. Its job is either `{ make: "snapshot" }`, which never sees a tool, or a
// batch of calls together with that snapshot. After each call the interpreter's whole memory is put back, so a call
// cannot tell whether another one came before it, not even by an object's address.
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import {
  capMemory,
  finish,
  fixClockAndRandomness,
  lockDown,
  readJob,
  report,
  reportBroken,
  write,
} from "./host.mjs";

const { job, binary } = readJob();
fixClockAndRandomness();
capMemory(job.memoryBytes);
// Emscripten reads the open flags this way, which the permission model forbids.
process.binding = () => ({ fs: fs.constants });

const { loadPyodide } = await import(pathToFileURL(`${job.pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({
  indexURL: job.pyodide,
  env: { HOME: "/", PYTHONHASHSEED: "0", TZ: "UTC" },
  jsglobals: {},
  _sysExecutable: "python",
  stdin: () => null,
  stdout: () => {},
  stderr: () => {},
  ...(job.make === "snapshot" ? { _makeSnapshot: true } : { _loadSnapshot: binary }),
});
if (job.make === "snapshot") {
  python.runPython(job.runner);
  write(python.makeMemorySnapshot());
} else runCalls();
finish();

function runCalls() {
  const { FS, _module: module } = python;
  python.globals.get("withdraw")();
  const execute = python.globals.get("execute");
  sealFiles(FS);
  lockDown();
  const streams = FS.streams.length;
  const directory = FS.currentPath;
  const memory = module.HEAPU8.slice();
  report({ ready: true });
  for (const { program, arguments: text } of job.calls) {
    const { name, code } = job.programs[program];
    const request = JSON.stringify({
      name,
      code,
      arguments: text,
      fuel: job.fuel,
      longestText: job.longestText,
    });
    let outcome;
    try {
      outcome = JSON.parse(execute(request));
    } catch {
      return reportBroken(); // Python's exceptions are outcomes; what arrives here ended the interpreter
    }
    report(outcome);
    module.HEAPU8.fill(0, memory.length).set(memory);
    FS.streams.length = streams;
    FS.currentPath = directory;
  }
}

/** The file system is JavaScript's, so putting memory back would not undo a write: nothing can be written. */
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
  const open = FS.open;
  FS.open = (path, flags, ...rest) => {
    const accessMode = 3;
    const creates = 64 | 512;
    const writes = typeof flags === "string" ? flags !== "r" : (flags & (accessMode | creates)) !== 0;
    if (writes && !String(path).startsWith("/dev/")) refuse();
    return open(path, flags, ...rest);
  };
}
