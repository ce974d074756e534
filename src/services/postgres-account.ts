/**
 * Postgres refuses to run as root, so root lends it an account of its own; anyone else runs it as themselves. The
 * account must be able to traverse to the binaries and the data, which this file can ask the kernel.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { RatchetError } from "../core/errors.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const accountName = "postgres";

/** Undefined where Postgres runs as the current user. */
export function findPostgresAccount(): Account | undefined | "missing" {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${accountName}:`));
  if (line === undefined) return "missing";
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** As `findPostgresAccount`, creating the account where root lacks it. Throws ServiceUnavailable where it cannot. */
export function ensurePostgresAccount(): Account | undefined {
  const found = findPostgresAccount();
  if (found !== "missing") return found;
  const made = spawnSync(
    "useradd",
    ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", accountName],
    { encoding: "utf8" },
  );
  const account = findPostgresAccount();
  if (account !== "missing") return account;
  throw new RatchetError(
    "ServiceUnavailable",
    `Postgres does not run as root and the user '${accountName}' could not be created (${made.error?.message ?? made.stderr.trim()}); run Ratchet as another user, or set DATABASE_URL`,
    { account: accountName },
  );
}

/** Whether the account could read and enter `path`: asked by trying, since ACLs and mounts count too. */
export function canReach(account: Account | undefined, path: string): boolean {
  if (account === undefined) return true;
  return (
    spawnSync("/bin/sh", ["-c", 'test -r "$0" && test -x "$0"', path], { ...account, cwd: "/" }).status === 0
  );
}
