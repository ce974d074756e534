/** `ratchet loss --cases FILE`: what our loss formulas make of a file of cases, one JSON line per case. */
import type { Command } from "commander";
import { evaluateLossCase, lossCaseSchema } from "../../core/learning/cases.ts";
import { readJsonLines } from "../json-lines.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("loss")
    .description("compute KL, advantages and clipped policy losses of given batches, in float64")
    .requiredOption(
      "--cases <file>",
      "JSON lines: group, lengths, score, log-probabilities, clip and KL settings",
    )
    .action(({ cases: path }: { cases: string }) => {
      // All lines are read first: a broken one ends the command before it prints anything.
      const cases = readJsonLines(path, {
        option: "--cases",
        schema: lossCaseSchema,
        next: "give JSON lines, each a case as in tests/fixtures/verl_policy_loss_cases.jsonl",
      });
      for (const given of cases) process.stdout.write(`${JSON.stringify(evaluateLossCase(given))}\n`);
    });
}
