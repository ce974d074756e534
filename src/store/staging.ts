/**
 * Unfinished files live in `.staging/`, each under a name that says whose they are, so that what a killed process left
 * is told from what a living one is writing. Nothing in here is ever read as an artifact.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { makeFolder, storageError } from "./files.ts";

/** A process of another host cannot be asked whether it lives; no write takes this long. */
const foreignAgeMs = 24 * 60 * 60 * 1000;

export async function openStaging(fs: FileSystem, artifactFolder: string): Promise<string> {
  const staging = join(artifactFolder, ".staging");
  await makeFolder(fs, artifactFolder, dirname(artifactFolder));
  await fs.mkdir(staging, { recursive: true });
  return staging;
}

/**
 * A path nobody else uses: pid, its start time (pids come round again), randomness, host. The folder may have been removed
 * with all that a person thought they could do without.
 */
export async function stagingPath(fs: FileSystem, staging: string): Promise<string> {
  await fs.mkdir(staging, { recursive: true }).catch((error) => {
    throw storageError(error, staging);
  });
  const started = (await startTime(process.pid)) ?? "0";
  return join(staging, [process.pid, started, randomBytes(8).toString("hex"), host()].join("-"));
}

/** Removes what dead processes left, but what this user may not; returns how many entries. */
export async function sweepStaging(staging: string): Promise<number> {
  let removed = 0;
  const names = await readdir(staging).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw storageError(error, staging);
  });
  for (const name of names.sort()) {
    const path = join(staging, name);
    if (await isAlive(name, path)) continue;
    removed += await rm(path, { recursive: true, force: true }).then(
      () => 1,
      () => 0,
    );
  }
  return removed;
}

async function isAlive(name: string, path: string): Promise<boolean> {
  const [pid = "", started = "", , ...owner] = name.split("-");
  if (owner.join("-") === host()) return (await startTime(Number(pid))) === started;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < foreignAgeMs;
}

/** Clock ticks from boot to the process's start (Linux); "0" where the system does not tell; undefined: no such process. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    // The command name, in parentheses, may hold spaces; start time is field 22 and the state, after it, field 3.
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
    return fields[19];
  } catch {
    try {
      process.kill(pid, 0);
      return "0";
    } catch {
      return undefined;
    }
  }
}

function host(): string {
  return hostname().replace(/[^A-Za-z0-9.-]/g, "_");
}
