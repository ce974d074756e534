/**
 * One supervisor per home. The lock names its holder by pid and start time, so one that was killed holds nothing and
 * the next start takes it over; of several that try at once, one wins.
 */
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RatchetError } from "../core/errors.ts";
import { deleteIfNothingRuns, linkIfAbsent, readJsonFile, writeJsonFile } from "./files.ts";
import { identify, isAlive, type ProcessIdentity } from "./processes.ts";

const holderSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });
const lockPath = (home: string) => join(home, "supervisor.json");

/** The live supervisor of this home, if any. */
export function supervisorOf(home: string): ProcessIdentity | undefined {
  const holder = readJsonFile(lockPath(home), holderSchema, deleteIfNothingRuns);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Makes this process the supervisor. Throws ServiceUnavailable where another one lives. */
export function acquireLock(home: string): void {
  mkdirSync(home, { recursive: true });
  const own = `${lockPath(home)}.${process.pid}`;
  writeJsonFile(own, identify(process.pid));
  try {
    while (!linkIfAbsent(own, lockPath(home))) {
      const holder = supervisorOf(home);
      if (holder !== undefined) throw alreadySupervised(home, holder.pid);
      removeStale(home);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

export function releaseLock(home: string): void {
  if (supervisorOf(home)?.pid === process.pid) rmSync(lockPath(home), { force: true });
}

/** Another starter may have replaced the stale lock meanwhile; what was moved away is looked at again. */
function removeStale(home: string): void {
  const moved = `${lockPath(home)}.stale-${process.pid}`;
  try {
    renameSync(lockPath(home), moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const holder = holderSchema.parse(JSON.parse(readFileSync(moved, "utf8")));
  if (isAlive(holder)) {
    linkIfAbsent(moved, lockPath(home));
    rmSync(moved);
    throw alreadySupervised(home, holder.pid);
  }
  rmSync(moved);
}

function alreadySupervised(home: string, pid: number): RatchetError {
  return new RatchetError(
    "ServiceUnavailable",
    `${home} is supervised by process ${pid} already; use it, or end it with: npx ratchet down`,
    { home, pid },
  );
}
