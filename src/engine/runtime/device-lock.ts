/**
 * One engine per device: whoever holds the lock file, which names its holder by pid and start time. A dead holder's lock
 * is taken over; a live one's is waited for.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { storageFailure } from "../../core/storage-failure.ts";
import { identityOf, isSameProcess, type ProcessIdentity } from "./process-identity.ts";

const pollMs = 200;

/**
 * Resolves when this process holds the lock; `onWait` is told every 200 ms who does until then. The lock is given back
 * when the process exits.
 */
export async function holdDevice(file: string, onWait: (holder: number) => void): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  process.once("exit", () => {
    if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
  });
  while (!orStorageFailure(file, tryHold)) {
    const holder = holderOf(file);
    if (holder !== undefined && isSameProcess(holder)) {
      onWait(holder.pid);
      await sleep(pollMs);
    } else orStorageFailure(file, removeStale);
  }
}

function orStorageFailure<T>(file: string, use: (file: string) => T): T {
  try {
    return use(file);
  } catch (error) {
    throw storageFailure(error, `write ${file}`);
  }
}

/** Creates the lock with its content in one step, as a link to a file that is written first. */
function tryHold(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identityOf(process.pid)));
  try {
    return link(own, file);
  } finally {
    rmSync(own);
  }
}

/** Undefined where there is no lock, or one that names nobody. */
function holderOf(file: string): ProcessIdentity | undefined {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(file, "utf8")) as Partial<ProcessIdentity>;
    return pid === undefined || startTime === undefined ? undefined : { pid, startTime };
  } catch {
    return undefined;
  }
}

/** False where the name exists already. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Two may find the same stale lock, and the slower one then moves the faster one's new lock: it puts that back. */
function removeStale(file: string): void {
  const moved = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const holder = holderOf(moved);
  if (holder !== undefined && isSameProcess(holder)) link(moved, file);
  rmSync(moved);
}
