// Makes sure the dependencies named by the lock file are there; `npm start` and `npm test` both begin here.
// A stamp of the lock file inside node_modules says which install succeeded, so an interrupted one is repeated.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function ensureDependencies(root) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(
      `ratchet needs Node 20.19 or later, found ${process.versions.node}; install a newer Node and try again\n`,
    );
    process.exit(1);
  }
  const stamp = join(root, "node_modules", ".ratchet-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
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
  writeFileSync(stamp, lock);
}
