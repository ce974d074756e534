/** `ratchet resume RUN`: a run that failed, was stopped or lost its Temporal history goes on from its last commit. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { experimentInputSchema } from "../../core/experiment/input.ts";
import { parseInput } from "../../core/experiment/parse.ts";
import { exitCodes } from "../exit.ts";
import { withServices } from "../services.ts";
import { followExperiment, notice, type RunOptions, requireThreads } from "./start.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("resume")
    .argument("<RUN>", "id of the run")
    .description("continue a run from its last commit, with the input it was started with")
    .option("--exit", "end the services when the run ends, instead of waiting for Ctrl-C")
    .option("--json", "print a JSON summary as the last line")
    .action(async (run: string, options: RunOptions) => {
      const config = readConfig();
      // The run's input is in the database, which must run before it can be read.
      process.exitCode = await withServices(config, notice, async (services) => {
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
