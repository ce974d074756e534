/**
 * Where the embedded database lives: in the home, or, where the home lies under a folder that the database's own user
 * cannot traverse (root's home, for one), in /var/lib/ratchet. Folders there that no home names any more are removed.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { RatchetError } from "../core/errors.ts";
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

/**
 * A home that was moved says so where its database lies outside it, or the next start of another home would take that
 * for nobody's. Throws ServiceUnavailable in a copy of a home: the database is that one's.
 */
export function keepPostgresFolder(
  home: string,
  folder: string,
  folderOf: (otherHome: string) => string | undefined,
): void {
  const file = join(folder, ownerFile);
  if (!existsSync(file)) return;
  const owner = readFileSync(file, "utf8");
  if (owner === home) return;
  if (existsSync(owner) && realpathSync(owner) !== realpathSync(home) && folderOf(owner) === folder)
    throw new RatchetError(
      "ServiceUnavailable",
      `${home} is a copy of ${owner}, whose database in ${folder} it names; use that home, or another RATCHET_HOME to begin anew`,
      { home, owner, folder },
    );
  writeFileSync(file, home, { flush: true });
}

function removeOrphans(folderOf: (otherHome: string) => string | undefined): void {
  for (const name of readdirSync(sharedRoot)) {
    const folder = join(sharedRoot, name);
    const owner = statSync(join(folder, ownerFile), { throwIfNoEntry: false });
    if (owner === undefined || Date.now() - owner.mtimeMs < orphanAgeMs) continue;
    const home = readFileSync(join(folder, ownerFile), "utf8");
    // What holds the home may not be mounted just now.
    if (!existsSync(dirname(home)) || folderOf(home) === folder) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}
