/** Where the two interpreters are installed, and the snapshot that lets Python start in a fraction of a second. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { RatchetError } from "../core/errors.ts";
import { runChild } from "./child.ts";
import type { Isolation } from "./isolation.ts";

const require = createRequire(import.meta.url);
const pyodideFolder = dirname(require.resolve("pyodide/package.json"));
const quickjsFolder = dirname(dirname(require.resolve("quickjs-emscripten")));

export const javascriptInterpreter = {
  quickjs: join(quickjsFolder, "dist", "index.mjs"),
  /** The package loads its siblings. */
  readable: ["quickjs-emscripten", "quickjs-emscripten-core", "@jitl"].map((name) =>
    join(dirname(quickjsFolder), name),
  ),
};

export const pythonInterpreter = { pyodide: pyodideFolder, readable: [pyodideFolder] };

/** Starting Pyodide without a snapshot takes 3 s on an idle machine. */
const snapshotMs = 120_000;

/**
 * Memory of an interpreter that has started and imported what tools import, but seen none. The same bytes every time;
 * made by a child, kept in memory (31 MB) and handed to each child of this process.
 */
export async function makePythonSnapshot(
  memoryMb: number,
  isolation: Isolation,
  pids: Set<number>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const runner = readFileSync(new URL("./child/runner.py", import.meta.url), "utf8");
  const chunks: Buffer[] = [];
  const header = { make: "snapshot", pyodide: pyodideFolder, runner, memoryBytes: memoryMb * 1024 * 1024 };
  const end = await runChild(
    {
      script: "python.mjs",
      readable: pythonInterpreter.readable,
      input: [`${JSON.stringify(header)}\n`],
      memoryMb,
      silenceMs: () => snapshotMs,
      onOutput: (chunk) => chunks.push(chunk),
      signal,
    },
    isolation,
    pids,
  );
  if (end.kind === "exited") return Buffer.concat(chunks);
  throw new RatchetError(
    "SandboxFailure",
    `the Python interpreter did not start: ${end.detail}; check memory and node_modules/pyodide`,
    { reason: end.reason },
  );
}
