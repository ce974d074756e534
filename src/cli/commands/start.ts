/**
 * `ratchet start`, which is `npm start`: brings everything up, runs one experiment, shows its progress and its result,
 * and keeps the services up until Ctrl-C (or ends with the run, with --exit).
 */
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { type ExperimentInput, experimentInputSchema } from "../../core/experiment/input.ts";
import { parseRunInput } from "../../core/experiment/parse.ts";
import { planStages } from "../../core/experiment/plan.ts";
import { describeAddresses } from "../addresses.ts";
import { requireBuildable } from "../buildable.ts";
import { exitCodes } from "../exit.ts";
import { readInputFile } from "../input-file.ts";
import { knownPolicy } from "../local-policy.ts";
import { requireContext } from "../needed-context.ts";
import { requireDisk, requireFetchable } from "../needs.ts";
import { type OpenServices, type RunOptions, untilAborted, withServices } from "../services.ts";
import { requireThreads, requireThreadsInForce } from "../threads.ts";

const quickstart = fileURLToPath(new URL("../../../temporal/examples/quickstart.json", import.meta.url));

export function register(ratchet: Command): void {
  ratchet
    .command("start")
    .description("run an experiment, with everything it needs; started again, it goes on where it was")
    .option("--input <file>", "the experiment as JSON", quickstart)
    .option("--exit", "end the services when the run ends, instead of waiting for Ctrl-C")
    .option("--json", "print a JSON summary as the last line")
    .action(async ({ input: file, ...options }: RunOptions & { input: string }) => {
      const given = parseRunInput(experimentInputSchema, readInputFile(file, "--input"), `--input ${file}`);
      planStages(given);
      const config = readConfig();
      requireThreads(config, given);
      await requireBuildable(given);
      const known = await knownPolicy(given, config.cacheFolder);
      await requireContext(known);
      await requireFetchable(config, given);
      await requireDisk(config, known);
      const { input } = known;
      process.exitCode = await withServices(config, async (services) => {
        await requireThreadsInForce(config, services, input);
        return followExperiment(config, services, input, options);
      });
    });
}

/** Follows the run to its end, shows it, and waits for Ctrl-C unless told to exit; 1 where the run failed or is held. */
export async function followExperiment(
  config: Config,
  services: OpenServices,
  input: ExperimentInput,
  { exit = false, json = false }: RunOptions,
): Promise<number> {
  const write = writerFor(json);
  write(describeAddresses(services.endpoints));
  // They take a second to load, which the services' start hides and no other command should pay for.
  const { runExperiment } = await import("../run-experiment.ts");
  const { summarizeRun } = await import("../summary.ts");
  const outcome = await runExperiment(config, services, input, write, exit);
  const { lines, summary } = await summarizeRun(config, services, outcome);
  for (const line of lines) write(line);
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (!exit && !services.attached) {
    write("the services stay up until Ctrl-C");
    await untilAborted(services.interrupted);
  }
  return outcome.state === "done" || outcome.state === "stopped" ? exitCodes.ok : exitCodes.failed;
}

/** With --json standard output holds the summary alone. */
function writerFor(json: boolean): (line: string) => void {
  return (line) => (json ? process.stderr : process.stdout).write(`${line}\n`);
}
