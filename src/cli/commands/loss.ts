/** `ratchet loss --cases FILE`: what our loss formulas make of a file of cases, one JSON line per case. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { RatchetError } from "../../core/errors.ts";
import { evaluateLossCase, parseLossCase } from "../../core/learning/cases.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("loss")
    .description("compute KL, advantages and clipped policy losses of given batches, in float64")
    .requiredOption(
      "--cases <file>",
      "JSON lines: group, lengths, score, log-probabilities, clip and KL settings",
    )
    .action(async ({ cases }: { cases: string }) => {
      const text = await readFile(cases, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw new RatchetError(
          "InvalidInput",
          `--cases ${cases} cannot be read (${error.code}); give a file of JSON lines`,
          { field: "--cases", value: cases },
          error,
        );
      });
      // All lines are parsed first: a broken one ends the command before it prints anything.
      const parsed = text
        .split("\n")
        .flatMap((line, i) => (line.trim() === "" ? [] : [parseLossCase(line, `${cases} line ${i + 1}`)]));
      for (const given of parsed) process.stdout.write(`${JSON.stringify(evaluateLossCase(given))}\n`);
    });
}
