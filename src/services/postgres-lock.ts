/** `postmaster.pid`, by which a Postgres is known for as long as it lives, and which keeps two from the same data. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProcess, type ProcessEntry } from "./processes.ts";

/** The live postmaster of this folder, as its lock file names it. */
export function findPostmaster(folder: string): ProcessEntry | undefined {
  const holder = findProcess(readLock(folder)?.pid ?? 0);
  return holder?.commandLine.includes(join(folder, "data")) ? holder : undefined;
}

/**
 * The lock of a dead postmaster stays: it names the shared memory by which Postgres sees that backends of a killed one
 * still write. Where another program has the dead one's pid by now, nobody has buried it (the first process of a container
 * may never), or a power cut left the file empty, Postgres would refuse, so the pid becomes that of its parent to be,
 * which it takes for harmless.
 */
export function disownLock(folder: string): void {
  const lock = readLock(folder);
  if (lock !== undefined && isTaken(lock.pid) && findPostmaster(folder) === undefined)
    writeFileSync(lockPath(folder), `${process.pid}\n${lock.rest}`);
}

/** As Postgres asks: the dead that are not buried count, and 0 is the asking process group itself. */
function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

const lockPath = (folder: string) => join(folder, "data", "postmaster.pid");

/** Its first line is the postmaster's pid. */
function readLock(folder: string): { pid: number; rest: string } | undefined {
  if (!existsSync(lockPath(folder))) return undefined;
  const [pid, ...rest] = readFileSync(lockPath(folder), "utf8").split("\n");
  return { pid: Number(pid), rest: rest.join("\n") };
}
