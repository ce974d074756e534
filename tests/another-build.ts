/** Another build of this very project: a copy of its sources with one word changed, which histories show. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Build {
  /** A command of this build's `npx ratchet`, to its end; standard output. Throws what it says where it fails. */
  command(environment: Readonly<Record<string, string>>, ...args: string[]): string;
}

export const thisBuild: Build = buildIn(root);

/** The word of an update's summary in the build it was asked for by; no command of a workflow differs. */
export const wordOf = { thisBuild: "update", anotherBuild: "renewal" } as const;

export function anotherBuild(): Build & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-build-"));
  for (const part of ["bin", "src", "package.json", "package-lock.json", "tsconfig.json"])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const changed = join(folder, "src", "workflows", "train-iteration.ts");
  const before = readFileSync(changed, "utf8");
  const after = before.replaceAll(`: ${wordOf.thisBuild}\``, `: ${wordOf.anotherBuild}\``);
  if (after === before) throw new Error(`${changed} has no summary ': ${wordOf.thisBuild}' to change`);
  writeFileSync(changed, after);
  return { ...buildIn(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function buildIn(folder: string): Build {
  return {
    command: (environment, ...args) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(folder, "bin", "ratchet.mjs"), ...args],
        { cwd: folder, env: { ...process.env, ...environment }, encoding: "utf8" },
      );
      if (status !== 0) throw new Error(`ratchet ${args.join(" ")} ended with ${status}: ${stderr}`);
      return stdout;
    },
  };
}
