/**
 * `ratchet resume RUN`: a run that failed, was stopped or lost its Temporal history goes on from its last commit, or
 * from an earlier iteration.
 */
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { experimentInputSchema } from "../../core/experiment/input.ts";
import { parseRunInput } from "../../core/experiment/parse.ts";
import { continueRun } from "../continue-run.ts";
import { requireHomeWithRuns } from "../home-with-runs.ts";
import { noteThreads } from "../known-threads.ts";
import { type OpenServices, type RunOptions, withServicesOfRun } from "../services.ts";
import { requireKnownThreads, requireThreadsInForce } from "../threads.ts";
import { wholeNumber } from "../whole-number.ts";
import { followExperiment } from "./start.ts";

interface ResumeOptions extends RunOptions {
  readonly fromIteration?: number;
  readonly stage?: string;
  readonly branch?: number;
  readonly acceptNumerics?: boolean;
}

export function register(ratchet: Command): void {
  ratchet
    .command("resume")
    .argument("<RUN>", "id of the run")
    .description("continue a run from its last commit, with the input it was started with")
    .option(
      "--from-iteration <K>",
      "go back to this iteration of a training that has ended, and on from there",
      wholeNumber("--from-iteration", 0, 1e6),
    )
    .option("--stage <id>", "which training to go back in, where the run has several")
    .option(
      "--branch <N>",
      "of that training's lineage; by default the one it ended on, or the newest",
      wholeNumber("--branch", 0, 1e6),
    )
    .option(
      "--accept-numerics",
      "let the run go on with the workers' threads, processor and versions, where it recorded others: its bits change, and status and report say so",
    )
    .option("--exit", "end the services when the run ends, instead of waiting for Ctrl-C")
    .option("--json", "print a JSON summary as the last line")
    .action(async (run: string, options: ResumeOptions) => {
      requireIteration(options);
      const config = readConfig();
      requireHomeWithRuns(config, run);
      if (options.acceptNumerics !== true) requireKnownThreads(config, run);
      // The run's input is in the database, which must run before it can be read.
      process.exitCode = await withServicesOfRun(config, async (services) => {
        const { fromIteration: iteration, acceptNumerics = false, ...rest } = options;
        if (acceptNumerics) await askNumericsChange(config, services, run);
        if (iteration !== undefined)
          return continueRun(config, services, run, { ...rest, iteration, settings: {}, same: true });
        return goOn(config, services, run, options);
      });
    });
}

async function goOn(
  config: Config,
  services: OpenServices,
  run: string,
  options: RunOptions,
): Promise<number> {
  const [{ onceWoken }, { readStoredRun }, { patiently }, { followByHand, wake }, { withClient }] =
    await Promise.all([
      import("../once-woken.ts"),
      import("../read-run.ts"),
      import("../patience.ts"),
      import("../resume-by-hand.ts"),
      import("../temporal-client.ts"),
    ]);
  const { endpoints, interrupted } = services;
  const read = () => patiently(() => readStoredRun(config, endpoints, run), interrupted);
  const wakeIt = () => patiently(() => withClient(endpoints, (client) => wake(client, run)), interrupted);
  const stored = await onceWoken(read, wakeIt, interrupted);
  if (stored.workflowType === "experiment") {
    const input = parseRunInput(experimentInputSchema, stored.input, `run ${run}`, stored.input);
    await requireThreadsInForce(config, services, input);
    await wakeIt();
    return followExperiment(config, services, input, options);
  }
  const { threads } = stored.input as { threads?: number };
  if (threads !== undefined) await requireThreadsInForce(config, services, { id: run, threads });
  return followByHand(config, services, stored, options);
}

/** Recorded before anything is woken, so that whoever computes next finds it. */
async function askNumericsChange(config: Config, services: OpenServices, run: string): Promise<void> {
  const { knownRun, withStore } = await import("../read-run.ts");
  const { patiently } = await import("../patience.ts");
  const { endpoints, interrupted } = services;
  const ask = () =>
    withStore(config, endpoints, async (store) => {
      const { workflowType, input } = await knownRun(store, run);
      const { threads } = input as { threads?: number };
      if (threads !== undefined) {
        noteThreads(config.home, run, null);
        return store.runs.askNumericsChange(run, { threads });
      }
      throw new RatchetError(
        "InvalidInput",
        `--accept-numerics has no effect on run '${run}': a ${workflowType} needs no engine; leave it out`,
        { field: "--accept-numerics", value: run },
      );
    });
  await patiently(ask, interrupted);
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
