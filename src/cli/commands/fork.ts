/** `ratchet fork RUN --at-iteration K`: a new run that goes on after an iteration of another, same seeds, what is named changed. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { readAssignments } from "../assignments.ts";
import { type ContinueOptions, continueRun } from "../continue-run.ts";
import { requireHomeWithRuns } from "../home-with-runs.ts";
import { withServicesOfRun } from "../services.ts";
import { wholeNumber } from "../whole-number.ts";

interface ForkOptions extends Omit<ContinueOptions, "iteration" | "settings"> {
  readonly atIteration: number;
  readonly set?: readonly string[];
}

export function register(ratchet: Command): void {
  ratchet
    .command("fork")
    .argument("<RUN>", "id of the run to fork")
    .description("start a run that goes on after an iteration of another, with what --set names changed")
    .requiredOption(
      "--at-iteration <K>",
      "the last iteration that is kept; 0 keeps none",
      wholeNumber("--at-iteration", 0, 1e6),
    )
    .option("--stage <id>", "which training, where the run has several")
    .option(
      "--branch <N>",
      "of the training's lineage; by default the one it ended on, or the newest",
      wholeNumber("--branch", 0, 1e6),
    )
    .option("--set <NAME=VALUE...>", "settings of the training to change, for example learningRate=1e-5")
    .option("--id <id>", "of the new run; RUN-at-K by default")
    .option("--exit", "end the services when the run ends, instead of waiting for Ctrl-C")
    .option("--json", "print a JSON summary as the last line")
    .action(async (run: string, { atIteration, set = [], ...options }: ForkOptions) => {
      const settings = readAssignments(set, "--set");
      const config = readConfig();
      requireHomeWithRuns(config, run);
      process.exitCode = await withServicesOfRun(config, (services) =>
        continueRun(config, services, run, { ...options, iteration: atIteration, settings }),
      );
    });
}
