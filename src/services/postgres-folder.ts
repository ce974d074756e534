/**
 * Where the embedded database lives: in the home, or, where the home lies under a folder that the database's own user
 * cannot traverse (root's home, for one), in /var/lib/ratchet. Folders there that no home names any more are removed.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canReach, ensurePostgresAccount } from "./postgres-account.ts";

const sharedRoot = "/var/lib/ratchet";
/** Names the home that a folder under the shared root belongs to. */
const ownerFile = "home";
/** A start writes its record within seconds of making its folder; a folder this old without one is nobody's. */
const orphanAgeMs = 3_600_000;

/**
 * Makes the folder and gives its absolute path. `folderOf` tells which folder another home's record names. Throws
 * ServiceUnavailable where root has no account to lend.
 */
export function choosePostgresFolder(
  home: string,
  folderOf: (otherHome: string) => string | undefined,
): string {
  const inHome = join(home, "postgres");
  const account = ensurePostgresAccount();
  mkdirSync(inHome, { recursive: true });
  if (account === undefined) return inHome;
  chmodSync(inHome, 0o755);
  if (canReach(account, inHome)) return inHome;
  rmSync(inHome, { recursive: true });
  mkdirSync(sharedRoot, { recursive: true });
  removeOrphans(folderOf);
  const shared = join(sharedRoot, randomBytes(6).toString("hex"));
  mkdirSync(shared);
  writeFileSync(join(shared, ownerFile), home, { flush: true });
  for (const folder of [sharedRoot, shared]) chmodSync(folder, 0o755);
  return shared;
}

function removeOrphans(folderOf: (otherHome: string) => string | undefined): void {
  for (const name of readdirSync(sharedRoot)) {
    const folder = join(sharedRoot, name);
    const owner = statSync(join(folder, ownerFile), { throwIfNoEntry: false });
    if (owner === undefined || Date.now() - owner.mtimeMs < orphanAgeMs) continue;
    if (folderOf(readFileSync(join(folder, ownerFile), "utf8")) === folder) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}
