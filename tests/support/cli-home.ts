/** A home of a test's own for the command line, and what lies in it. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";

export interface CliHome {
  /** A new, empty folder for each test. */
  folder: string;
  /** In it; it holds one file. */
  home: string;
}

/** Filled before each test of the file that calls it. */
export function cliHome(): CliHome {
  const root = mkdtempSync(join(tmpdir(), "ratchet-cli-"));
  const at: CliHome = { folder: "", home: "" };
  beforeEach(() => {
    at.folder = mkdtempSync(join(root, "case-"));
    at.home = join(at.folder, "home");
    mkdirSync(at.home);
    writeFileSync(join(at.home, "kept"), "as it was");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return at;
}

/** Every path under the home with its content's hash. */
export function snapshot(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(home, name);
      return statSync(path).isDirectory() ? name : `${name} ${sha256(readFileSync(path))}`;
    });
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
