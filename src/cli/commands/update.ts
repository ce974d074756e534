/** `ratchet update REQUEST`: the embedded trainer as a program, by the contract that any trainer can meet. */
import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { parseInput } from "../../core/experiment/parse.ts";
import { readInputFile } from "../input-file.ts";
import { writing } from "../writing.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("update")
    .argument("<request>", "JSON file: parent, batch, loss, optimizer, output; see docs/contracts/trainer.md")
    .description("do one policy update outside of any run; prints its metrics as one JSON line")
    .action(async (file: string) => {
      // The engine takes a second to load, which no other command should pay for.
      const { answerRequest, updateRequestSchema } = await import("../../engine/contract/update-request.ts");
      const request = parseInput(
        updateRequestSchema,
        readInputFile(file, "request"),
        `request ${file}`,
        "correct the field; docs/contracts/trainer.md lists every field",
      );
      writing("output", request.output, () => mkdirSync(request.output, { recursive: true }));
      const metrics = await answerRequest(request, readConfig().threads);
      process.stdout.write(`${JSON.stringify(metrics)}\n`);
    });
}
