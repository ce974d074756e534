/**
 * Each process writes its own log under `logs/`, never into the terminal. Children append to the file themselves, so
 * they outlive a killed supervisor; the supervisor only keeps the files from growing without bound.
 */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";

/** One file and its predecessor: at most twice this per role. */
export const maxLogBytes = 8 * 1024 * 1024;

export const logFolder = (home: string) => join(home, "logs");
export const logPath = (home: string, role: string) => join(logFolder(home), `${role}.log`);

/** A descriptor for a child's stdout and stderr; the caller closes its copy after the spawn. */
export function openLog(home: string, role: string): number {
  mkdirSync(logFolder(home), { recursive: true });
  return openSync(logPath(home, role), "a", 0o600);
}

/** Copies an over-long log to `ROLE.log.1` and empties it; appending writers go on at its new end. */
export function capLogs(home: string): void {
  for (const name of readdirSync(logFolder(home)).filter((entry) => entry.endsWith(".log"))) {
    const path = join(logFolder(home), name);
    if (statSync(path).size <= maxLogBytes) continue;
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
  }
}

/** The last line that says something, at most 200 characters; "" where there is none. */
export function lastLogLine(home: string, role: string): string {
  const descriptor = openSync(logPath(home, role), "r");
  try {
    const { size } = statSync(logPath(home, role));
    const tail = Buffer.alloc(Math.min(size, 8192));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const lines = tail
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "");
    return (lines.at(-1) ?? "").trim().slice(0, 200);
  } finally {
    closeSync(descriptor);
  }
}
