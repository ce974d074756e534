// Makes sure the dependencies named by the lock file are there; `npm start` and `npm test` both begin here.
// npm notes what it installed in node_modules once it is done, so an interrupted install is repeated, and no other.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function ensureDependencies(root) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(
      `ratchet needs Node 20.19 or later, found ${process.versions.node}; install a newer Node and try again\n`,
    );
    process.exit(1);
  }
  if (isInstalled(root)) return;
  const file = join(process.env.RATCHET_HOME || join(root, ".ratchet"), "supervisor.json");
  const pid = livingIn(file);
  if (pid !== undefined) {
    process.stderr.write(
      `ratchet: package-lock.json names other dependencies than are installed, and process ${pid} runs with these; end it (npx ratchet down), or delete ${file} where it is another program's, and run this command again\n`,
    );
    process.exit(1);
  }
  process.stderr.write("ratchet: installing the dependencies that package-lock.json names (once)\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    process.stderr.write(
      "ratchet: npm ci failed; see its message above, mend it and run this command again\n",
    );
    process.exit(npm.status ?? 1);
  }
}

/** Whether each package that the lock file names is installed in that version; an optional one may be another platform's. */
function isInstalled(root) {
  const wanted = packagesIn(join(root, "package-lock.json"));
  const noted = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(noted)) return false;
  const installed = packagesIn(noted);
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    const found = installed[path];
    if (path === "" || (found === undefined && (optional || devOptional))) return true;
    return found?.version === version && found.integrity === integrity;
  });
}

const packagesIn = (lockFile) => JSON.parse(readFileSync(lockFile, "utf8")).packages;

/** The process that supervises a home's services, if it lives. */
function livingIn(file) {
  try {
    const { pid } = JSON.parse(readFileSync(file, "utf8"));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
