// `npm test`: install once, then every check of the project, cheap ones first; the first failure ends it.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies } from "./install.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
ensureDependencies(root);
const checks = [
  ["format and lint", "npx", ["biome", "ci", "--reporter=summary", "."]],
  ["floating promises", "npx", ["eslint", "."]],
  ["types", "npx", ["tsc", "--noEmit"]],
  ["architecture", "npx", ["depcruise", "--config", ".dependency-cruiser.cjs", "src", "tests"]],
  ["dead code", "npx", ["knip"]],
  ["advisories", "node", ["--import", "tsx", "scripts/audit.ts"]],
  ["tests", "npx", ["vitest", "run", ...process.argv.slice(2)]],
];
for (const [name, command, args] of checks) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) {
    process.stdout.write(`\n${name} failed: ${command} ${args.join(" ")}\n`);
    process.exit(status ?? 1);
  }
}
