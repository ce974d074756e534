/** `ratchet env import --format ftrl FILE [--out FOLDER]`: rows become environments, in a folder or in the store. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import { readConfig } from "../../config/config.ts";
import {
  type Environment,
  environmentHash,
  environmentSetSchema,
} from "../../core/environment/environment.ts";
import { RatchetError } from "../../core/errors.ts";
import { identifierPattern, identifierRule } from "../../core/experiment/identifier.ts";
import { environmentFileOf } from "../../core/formats/environment-file.ts";
import { importFtrlRow } from "../../core/formats/ftrl.ts";
import { shortHash } from "../../core/hash.ts";
import { writing } from "../writing.ts";
import { type FileRow, readRows } from "./rows-file.ts";

interface ImportOptions {
  readonly out?: string;
  readonly name?: string;
  readonly json?: boolean;
}

export function register(env: Command): void {
  env
    .command("import")
    .argument("<FILE>", "rows as .jsonl or .parquet")
    .addOption(rowFormat())
    .option("--out <folder>", "write one environment file per row into this new folder, not into the store")
    .option("--name <name>", "what the stored set is called; the file's name by default")
    .option("--json", "print one JSON object")
    .description("turn rows of another format into environments, keeping each row word for word")
    .action(async (file: string, options: ImportOptions) => {
      const { rows, blankLines } = await readRows(file);
      if (rows.length === 0) throw refusal("FILE", file, "holds no rows; give one JSON object on each line");
      const environments = importRows(rows);
      if (blankLines > 0)
        process.stderr.write(
          `${file}: ${blankLines} blank line${blankLines > 1 ? "s are no rows" : " is no row"}, and an export has none\n`,
        );
      if (options.out === undefined) await intoStore(environments, nameOf(file, options.name), options);
      else intoFolder(environments, options.out, options);
    });
}

/** Faults that one report tells. */
const mostFaults = 10;

/** All rows or none, but every fault is told at once. */
function importRows(rows: readonly FileRow[]): Environment[] {
  const environments: Environment[] = [];
  const faults: RatchetError[] = [];
  for (const { text, where } of rows) {
    try {
      environments.push(importFtrlRow(text, where));
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      faults.push(error);
    }
  }
  if (faults.length === 0) return environments;
  if (faults.length === 1) throw faults[0];
  const told = faults.slice(0, mostFaults).map(({ message }) => message);
  const more = faults.length > told.length ? `; and ${faults.length - told.length} more` : "";
  throw new RatchetError(
    "InvalidInput",
    `${faults.length} of ${rows.length} rows are refused: ${told.join("; ")}${more}`,
    { rows: faults.length },
  );
}

/** The only format so far; the option keeps room for others and makes a command line say what it reads. */
export const rowFormat = () =>
  new Option("--format <format>", "format of the rows").choices(["ftrl"]).makeOptionMandatory();

async function intoStore(
  environments: readonly Environment[],
  name: string,
  { json = false }: ImportOptions,
) {
  const { openLibrary } = await import("./library.ts");
  const library = await openLibrary(readConfig());
  try {
    const set = environmentSetSchema.parse({
      format: "ratchet.environment-set.v1",
      name,
      environments,
      tables: {},
      quarantined: [],
    });
    const { ref, named } = await library.add(set, name);
    const called = named ? `${name}/import` : null;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ set: ref.hash, name: called, environments: environments.map(environmentHash) })}\n`,
      );
    else
      process.stdout.write(
        `${environments.length} environments stored as ${ref.hash}${called ? `, named ${called}` : ""}\n`,
      );
  } finally {
    await library.close();
  }
}

function intoFolder(environments: readonly Environment[], folder: string, { json = false }: ImportOptions) {
  writing("--out", folder, () => mkdirSync(folder, { recursive: true }));
  if (readdirSync(folder).length > 0)
    throw refusal(
      "--out",
      folder,
      "is not empty; name a new folder, so that no row of another import is among these",
    );
  const digits = Math.max(4, String(environments.length).length);
  const files = environments.map((environment, i) => {
    const file = `${String(i + 1).padStart(digits, "0")}-${shortHash(environmentHash(environment))}.json`;
    const content = JSON.stringify(environmentFileOf({ environment, tables: {} }), null, 2);
    writeFileSync(join(folder, file), `${content}\n`);
    return file;
  });
  if (json) process.stdout.write(`${JSON.stringify({ folder, files })}\n`);
  else process.stdout.write(`${files.length} environment files in ${folder}\n`);
}

function nameOf(file: string, given: string | undefined): string {
  const name =
    given ??
    basename(file)
      .replace(/\.[a-z]+$/, "")
      .toLowerCase()
      .replaceAll("_", "-");
  if (identifierPattern.test(name)) return name;
  throw refusal("--name", name, `${identifierRule}; give one with --name`);
}

const refusal = (field: string, value: string, what: string) =>
  new RatchetError("InvalidInput", `${field} '${value}' ${what}`, { field, value });
