/**
 * Where the embedded database lives: in the home, or, where the home lies under a folder that the database's own user
 * cannot traverse (root's home, for one), in /var/lib/ratchet. A folder there goes once its home names another: one whose
 * home is away may be wanted again, as its disk may not be mounted, or it was moved and not started since.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RatchetError } from "../core/errors.ts";
import { writeWhole } from "./files.ts";
import { canReach, ensurePostgresAccount } from "./postgres-account.ts";

const sharedRoot = "/var/lib/ratchet";
/** Names the home that a folder under the shared root belongs to. */
const ownerFile = "home";

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
  removeOrphans(sharedRoot, folderOf);
  const shared = join(sharedRoot, randomBytes(6).toString("hex"));
  mkdirSync(shared);
  writeWhole(join(shared, ownerFile), home);
  for (const folder of [sharedRoot, shared]) chmodSync(folder, 0o755);
  return shared;
}

/**
 * A home that was moved says so where its database lies outside it. Throws ServiceUnavailable in a copy of a home: the database is that one's.
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
  writeWhole(file, home);
}

/** `root` is where such folders lie. */
export function removeOrphans(root: string, folderOf: (otherHome: string) => string | undefined): void {
  for (const name of readdirSync(root)) {
    const folder = join(root, name);
    const file = join(folder, ownerFile);
    const home = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (home !== "" && namesAnother(home, folder, folderOf)) rmSync(folder, { recursive: true, force: true });
  }
}

function namesAnother(
  home: string,
  folder: string,
  folderOf: (otherHome: string) => string | undefined,
): boolean {
  try {
    const named = folderOf(home);
    return named !== undefined && named !== folder;
  } catch {
    // Its record is damaged, which is for its own start to say.
    return false;
  }
}
