/** `ratchet env export --format ftrl [FOLDER|ID] [--out FILE]`: environments as rows, those imported as they came. */
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { exportFtrlRow } from "../../core/formats/ftrl-export.ts";
import type { Case } from "../../core/gates/gate.ts";
import { shortHash } from "../../core/hash.ts";
import { rowFormat } from "./import.ts";
import { writeRows } from "./rows-file.ts";

export function register(env: Command): void {
  env
    .command("export")
    .argument(
      "[FOLDER|ID]",
      "a folder of environment files, or something stored; by default the only imported set",
    )
    .addOption(rowFormat())
    .option("--out <file>", "a .jsonl or .parquet file; JSON lines on standard output by default")
    .option("--json", "print what was written as one JSON object")
    .description("write environments as rows of another format; what was imported comes out as it went in")
    .action(async (given: string | undefined, { out, json = false }: { out?: string; json?: boolean }) => {
      if (json && out === undefined)
        throw new RatchetError(
          "InvalidInput",
          "--json says what was written to a file; name one with --out, or leave --json away",
          { field: "--json" },
        );
      const subjects = await subjectsOf(readConfig(), given);
      const rows = subjects.map(({ environment }) => exportFtrlRow(environment));
      if (out === undefined) process.stdout.write(rows.map((row) => `${row}\n`).join(""));
      else {
        await writeRows(out, rows);
        process.stdout.write(
          json ? `${JSON.stringify({ file: out, rows: rows.length })}\n` : `${rows.length} rows in ${out}\n`,
        );
      }
    });
}

async function subjectsOf(config: Config, given: string | undefined): Promise<readonly Case[]> {
  if (given === undefined) return onlyImported(config);
  const { readSubjects } = await import("./subjects.ts");
  return readSubjects(config, given);
}

async function onlyImported(config: Config): Promise<readonly Case[]> {
  const { openLibrary } = await import("./library.ts");
  const library = await openLibrary(config);
  try {
    const imported: { readonly hash: string; readonly cases: readonly Case[] }[] = [];
    for await (const { ref, set } of library.sets())
      if (set.environments.some(({ origin }) => origin?.format === "ftrl"))
        imported.push({
          hash: ref.hash,
          cases: set.environments.map((environment) => ({ environment, tables: set.tables })),
        });
    const [only, ...more] = imported;
    if (only && more.length === 0) return only.cases;
    const why = only
      ? `one of ${imported.map(({ hash }) => shortHash(hash)).join(", ")}`
      : "a folder, or import rows first: npx ratchet env import --format ftrl FILE";
    throw new RatchetError("InvalidInput", `${imported.length} imported sets are stored; name ${why}`, {
      field: "FOLDER|ID",
    });
  } finally {
    await library.close();
  }
}
