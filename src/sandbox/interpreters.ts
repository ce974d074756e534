/** Where the two interpreters are installed, and how a child of either is started. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Surroundings, ToolProgram } from "../core/ports/sandbox.ts";
import type { ChildStart } from "./child.ts";
import { type SandboxLimits, stepsPerPortion } from "./limits.ts";

const require = createRequire(import.meta.url);
const pyodideFolder = dirname(require.resolve("pyodide/package.json"));
const packages = dirname(dirname(dirname(require.resolve("quickjs-emscripten"))));
const quickjsFolders = ["quickjs-emscripten", "quickjs-emscripten-core", "@jitl"];

const interpreters = {
  javascript: {
    script: "javascript.mjs",
    /** The package loads its siblings. */
    readable: quickjsFolders.map((name) => join(packages, name)),
    settings: {
      quickjs: join(packages, "quickjs-emscripten", "dist", "index.mjs"),
      wasm: join(packages, "@jitl", "quickjs-wasmfile-release-sync", "dist", "emscripten-module.wasm"),
    },
  },
  python: { script: "python.mjs", readable: [pyodideFolder], settings: { pyodide: pyodideFolder } },
} as const;

export function childStart(
  runtime: ToolProgram["runtime"],
  { memoryMb }: SandboxLimits,
  task: "run" | "snapshot" | "compile",
  surroundings: Surroundings = "usual",
): ChildStart {
  const { script, readable, settings } = interpreters[runtime];
  return {
    script,
    readable,
    settings: {
      ...settings,
      task,
      surroundings,
      memoryBytes: memoryMb * 1024 * 1024,
      stepsPerPortion: stepsPerPortion(runtime),
    },
    memoryMb,
  };
}
