/** Files that a reader never sees half of, and that a power cut leaves as they were or as they shall be. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { RatchetError } from "../core/errors.ts";

/** `mode` 0o600 for what holds a password. */
export function writeJsonFile(path: string, value: unknown, mode = 0o644): void {
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}

/** Written beside and forced to disk, then renamed, and the new name forced to disk too. */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode, flush: true });
  renameSync(temporary, path);
  const names = openSync(folder, "r");
  try {
    fsyncSync(names);
  } finally {
    closeSync(names);
  }
}

/**
 * Undefined where the file is missing. Throws ServiceUnavailable where it is not what Ratchet wrote; `mend` says what a
 * person then does about it.
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>, mend: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const isInFile = (error as NodeJS.ErrnoException).code === "ENOTDIR";
    const problem = isInFile
      ? "a part of its path is a file; "
      : `${(error as Error).message}; correct its permissions, or `;
    throw new RatchetError(
      "ServiceUnavailable",
      `${path} cannot be read: ${problem}set RATCHET_HOME to a folder of yours`,
      { path },
      error,
    );
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new RatchetError("ServiceUnavailable", `${path} is damaged; ${mend}`, { path }, error);
  }
}

/** Of what says only which processes run. */
export const deleteIfNothingRuns =
  "delete it once no process of that home runs any more; it holds nothing else";

/** False where the name exists: the atomic "create if absent" that also carries content. */
export function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
