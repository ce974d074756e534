/** What `npm start` and `npm test` install before anything else: once, and not under a program that runs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const installer = fileURLToPath(new URL("../scripts/install.mjs", import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ratchet-install-"));
  mkdirSync(join(root, "node_modules"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Package {
  readonly version: string;
  readonly optional?: boolean;
}

/** Whether it goes on without npm, and what it says; npm is not to be found here. */
function ensured(wanted: Record<string, Package>, installed: Record<string, Package>, home = root) {
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: wanted }));
  writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages: installed }));
  const program = `import(${JSON.stringify(installer)}).then((it) => it.ensureDependencies(${JSON.stringify(root)}))`;
  const env = { PATH: "", RATCHET_HOME: home };
  const { status, stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8", env });
  return { isReady: status === 0, says: stderr };
}

const pg = { "node_modules/pg": { version: "8.0.0" } };

it("what npm ci installed by hand is not installed again, another platform's packages missing or not", () => {
  const optional = { "node_modules/pg-win32": { version: "1.0.0", optional: true } };
  expect(ensured({ "": { version: "0.1.0" }, ...pg, ...optional }, pg)).toEqual({ isReady: true, says: "" });
});

it("another version, and a package that is not there, are installed", () => {
  for (const installed of [{ "node_modules/pg": { version: "8.0.1" } }, {}])
    expect(ensured(pg, installed).says).toContain("installing the dependencies");
});

it("nothing is replaced under services that run", () => {
  writeFileSync(join(root, "supervisor.json"), JSON.stringify({ pid: process.pid }));
  expect(ensured(pg, {})).toEqual({
    isReady: false,
    says: `ratchet: package-lock.json names other dependencies than are installed, and process ${process.pid} runs with these; end it (npx ratchet down), or delete ${join(root, "supervisor.json")} where it is another program's, and run this command again\n`,
  });
  writeFileSync(join(root, "supervisor.json"), JSON.stringify({ pid: 2 ** 30 }));
  expect(ensured(pg, {}).says).toContain("installing the dependencies");
});
