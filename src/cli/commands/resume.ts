/**
 * `ratchet resume RUN`: a run that failed, was stopped or lost its Temporal history goes on from its last commit, or
 * from an earlier iteration.
 */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { experimentInputSchema } from "../../core/experiment/input.ts";
import { parseInput } from "../../core/experiment/parse.ts";
import { continueRun } from "../continue-run.ts";
import { exitCodes } from "../exit.ts";
import { withServices } from "../services.ts";
import { wholeNumber } from "../whole-number.ts";
import { followExperiment, notice, type RunOptions, requireThreads } from "./start.ts";

interface ResumeOptions extends RunOptions {
  readonly fromIteration?: number;
  readonly stage?: string;
  readonly branch?: number;
}

export function register(ratchet: Command): void {
  ratchet
    .command("resume")
    .argument("<RUN>", "id of the run")
    .description("continue a run from its last commit, with the input it was started with")
    .option(
      "--from-iteration <K>",
      "go back to this iteration of a training that has ended, and on from there",
      wholeNumber(0, 1e6),
    )
    .option("--stage <id>", "which training to go back in, where the run has several")
    .option("--branch <N>", "of that training's lineage; the newest by default", wholeNumber(0, 1e6))
    .option("--exit", "end the services when the run ends, instead of waiting for Ctrl-C")
    .option("--json", "print a JSON summary as the last line")
    .action(async (run: string, options: ResumeOptions) => {
      requireIteration(options);
      const config = readConfig();
      // The run's input is in the database, which must run before it can be read.
      process.exitCode = await withServices(config, notice, async (services) => {
        const { fromIteration: iteration, ...rest } = options;
        if (iteration !== undefined)
          return continueRun(services, run, { ...rest, iteration, settings: {}, same: true });
        const { readRun, readStoredRun } = await import("../read-run.ts");
        const { patiently } = await import("../patience.ts");
        const { resumeByHand, wake } = await import("../resume-by-hand.ts");
        const { withClient } = await import("../temporal-client.ts");
        const { endpoints, interrupted } = services;
        const stored = await patiently(() => readStoredRun(config, endpoints, run), interrupted);
        if (stored.workflowType !== "experiment") {
          const state = await withClient(endpoints, (client) => resumeByHand(client, stored, notice));
          const facts = await readRun(config, endpoints, run);
          process.stdout.write(
            options.json ? `${JSON.stringify({ ...facts, state })}\n` : `run ${run}: ${state}\n`,
          );
          return state === "failed" ? exitCodes.failed : exitCodes.ok;
        }
        await withClient(endpoints, (client) => wake(client, run));
        const input = parseInput(experimentInputSchema, stored.input, `run ${run}`);
        requireThreads(config, input);
        return followExperiment(config, services, input, options);
      });
    });
}

/** A stage and a branch say where the iteration is; without one they would be passed over. */
function requireIteration({ fromIteration, stage, branch }: ResumeOptions): void {
  if (fromIteration !== undefined || (stage === undefined && branch === undefined)) return;
  throw new RatchetError(
    "InvalidInput",
    "--stage and --branch say where an iteration is; add --from-iteration K, or leave them out",
    { field: "--from-iteration" },
  );
}
