// `npm test`: install once, then every check of the project, cheap ones first; the first failure ends it.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies } from "./install.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
ensureDependencies(root);
const [first, sideBySide, last] = [
  [["format and lint", "npx", ["biome", "ci", "--reporter=summary", "."]]],
  [
    [["floating promises", "npx", ["eslint", "."]]],
    [
      ["types", "npx", ["tsc", "--noEmit"]],
      ["architecture", "npx", ["depcruise", "--config", ".dependency-cruiser.cjs", "src", "tests"]],
      ["dead code", "npx", ["knip"]],
      ["advisories", "node", ["--import", "tsx", "scripts/audit.ts"]],
    ],
  ],
  [["tests", "npx", ["vitest", "run", ...process.argv.slice(2)]]],
];
const running = new Set();
await inOrder(first);
await Promise.all(sideBySide.map((checks) => inOrder(checks, true)));
await inOrder(last);

/** Of checks that run beside others each one's output is told once it has ended. */
async function inOrder(checks, isBesideOthers = false) {
  for (const [name, command, args] of checks) {
    const title = `\n== ${name}\n`;
    if (!isBesideOthers) process.stdout.write(title);
    const output = isBesideOthers ? "pipe" : "inherit";
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", output, output] });
    running.add(child);
    let told = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text) => {
        told += text;
      });
    const status = await new Promise((resolve) => {
      child.once("error", ({ message }) => resolve(message)).once("close", resolve);
    });
    running.delete(child);
    if (isBesideOthers) process.stdout.write(title + told);
    if (status === 0) continue;
    process.stdout.write(`\n${name} failed: ${command} ${args.join(" ")}\n`);
    for (const other of running) other.kill();
    process.exit(Number(status) || 1);
  }
}
