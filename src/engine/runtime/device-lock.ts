/**
 * One engine per device: whoever holds the lock file, which names its holder by pid and start time. A dead holder's lock
 * is taken over; a live one's is waited for.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identityOf, isSameProcess, type ProcessIdentity } from "./process-identity.ts";

const pollMs = 200;

/**
 * Resolves when this process holds the lock; `onWait` is told every 200 ms who does until then. The lock is given back
 * when the process exits.
 */
export async function holdDevice(file: string, onWait: (holder: number) => void): Promise<void> {
  const self = identityOf(process.pid)!;
  const own = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(own, JSON.stringify(self));
  process.once("exit", () => {
    rmSync(own, { force: true });
    if (holderOf(file)?.pid === process.pid) rmSync(file, { force: true });
  });
  while (!link(own, file)) {
    const holder = holderOf(file);
    if (holder !== undefined && isSameProcess(holder)) {
      onWait(holder.pid);
      await sleep(pollMs);
    } else removeStale(file);
  }
  rmSync(own);
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

/** A link appears whole or not at all, and fails where the name exists: "create if absent", with content. */
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
