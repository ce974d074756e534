/** What a person points at - a file, a folder of files, or something stored - as environments with their tables. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import type { Config } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { readEnvironmentFile } from "../../core/formats/environment-file.ts";
import type { Benchmark } from "../../core/gates/contamination.ts";
import type { Case } from "../../core/gates/gate.ts";
import { readInputFile } from "../input-file.ts";
import { openLibrary } from "./library.ts";

const programEndings = /\.[cm]?ts$/;
const fileEndings = /\.(json|[cm]?ts)$/;

/** In order: a folder's files by name, a set's environments as they are. Throws InvalidInput. */
export async function readSubjects(config: Config, given: string): Promise<Case[]> {
  const kind = statSync(given, { throwIfNoEntry: false });
  if (kind?.isDirectory()) return readFolder(given);
  if (kind || fileEndings.test(given)) return [await readFile(given)];
  const library = await openLibrary(config);
  try {
    const found = await library.find(given);
    if (found.kind === "environment") return [found.subject];
    return found.set.environments.map((environment) => ({ environment, tables: found.set.tables }));
  } finally {
    await library.close();
  }
}

/** Stored sets by name or hash. Throws InvalidInput. */
export async function readBenchmarks(config: Config, names: readonly string[]): Promise<Benchmark[]> {
  if (names.length === 0) return [];
  const library = await openLibrary(config);
  try {
    const benchmarks: Benchmark[] = [];
    for (const name of names) {
      const found = await library.find(name);
      const environments = found.kind === "set" ? found.set.environments : [found.subject.environment];
      benchmarks.push({ name, environments });
    }
    return benchmarks;
  } finally {
    await library.close();
  }
}

function readFolder(folder: string): Case[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
  if (names.length > 0)
    return names.map((name) => {
      const path = join(folder, name);
      return readEnvironmentFile(readInputFile(path, "FOLDER"), path);
    });
  throw new RatchetError(
    "InvalidInput",
    `folder ${folder} holds no environment files (*.json); make one with: npx ratchet env import --format ftrl FILE --out FOLDER`,
    { field: "FOLDER", value: folder },
  );
}

async function readFile(path: string): Promise<Case> {
  if (programEndings.test(path)) return readEnvironmentFile(await exported(path), path);
  return readEnvironmentFile(readInputFile(path, "FILE"), path);
}

/** A program may throw anything. */
const whyOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n")[0];

/** Runs the person's own program, whatever kind of module the folder it lies in makes of it. */
async function exported(path: string): Promise<unknown> {
  let module: Record<string, unknown>;
  try {
    module = (await tsImport(pathToFileURL(resolve(path)).href, import.meta.url)) as Record<string, unknown>;
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `FILE ${path} does not load: ${whyOf(error)}; correct it, see examples/environment.ts`,
      { field: "FILE", value: path },
      error,
    );
  }
  if (module.environment !== undefined) return module.environment;
  throw new RatchetError(
    "InvalidInput",
    `FILE ${path} exports no 'environment'; write: export const environment: EnvironmentFile = { ... }, as examples/environment.ts does`,
    { field: "FILE", value: path },
  );
}
