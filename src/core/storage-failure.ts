/** What the file system refuses, named: a full disk, and one that is read-only, failing or not ours. */
import { RatchetError } from "./errors.ts";

const refusals: Readonly<Record<string, string>> = {
  EROFS: "the file system is read-only; mount it for writing",
  EACCES: "this user may not; change its permissions",
  EPERM: "this user may not; change its owner or flags",
  EIO: "the disk fails; see the system's log, and replace it",
  ESTALE: "the network's file system lost it; mount it again",
  EMFILE: "this process has too many files open; raise its limit (ulimit -n)",
  ENFILE: "the machine has too many files open; raise its limit",
};

/** `using` says what was to be done: "write /data/x". What says nothing of the disk passes through. */
export function storageFailure(error: unknown, using: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof RatchetError || code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new RatchetError(
      "StorageFull",
      `no space left to ${using} (${code}); free disk space or point RATCHET_HOME at a larger disk`,
      { code },
      error,
    );
  const reason = refusals[code];
  if (reason === undefined) return error;
  return new RatchetError("StorageUnavailable", `cannot ${using} (${code}): ${reason}`, { code }, error);
}
