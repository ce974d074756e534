/**
 * The services a command works with: those that others already run, else supervised by this very process for as long as
 * the command lasts. Ctrl-C ends in order what this process started; a second one ends it at once.
 */
import type { Config } from "../config/config.ts";
import { attach } from "../services/attach.ts";
import { type Endpoints, externalEndpoints } from "../services/endpoints.ts";
import { preflight } from "../services/preflight.ts";
import { workerPrograms } from "../services/roles.ts";
import { Supervisor } from "../services/supervisor.ts";
import { onceForEachAsking } from "./asking.ts";
import { exitCodes } from "./exit.ts";
import { notice } from "./notice.ts";

export interface OpenServices {
  readonly endpoints: Endpoints;
  /** Started by another process, which keeps them up. */
  readonly attached: boolean;
  /** Aborts at Ctrl-C, SIGTERM, a closed terminal, or when the supervisor gives up. */
  readonly interrupted: AbortSignal;
}

/** Of a command that follows a run. */
export interface RunOptions {
  readonly exit?: boolean;
  readonly json?: boolean;
}

/**
 * Brings the services up, hands them to `use`, and ends what this process started. Gives the exit code: that of `use`,
 * or 130 when interrupted. Throws what keeps the services from starting, before anything under the home is written.
 */
export async function withServices(
  config: Config,
  use: (services: OpenServices) => Promise<number>,
): Promise<number> {
  return useServices(await attach(config), config, use);
}

/** The same to go on with a run, whose workers are somebody else's where Postgres and Temporal are: they are joined. */
export async function withServicesOfRun(
  config: Config,
  use: (services: OpenServices) => Promise<number>,
): Promise<number> {
  const supervised = await attach(config);
  const external = supervised === undefined ? externalEndpoints(config) : undefined;
  if (external !== undefined) {
    const { requireWorkers } = await import("./workers-elsewhere.ts");
    await requireWorkers(external);
  }
  return useServices(supervised ?? external, config, use);
}

async function useServices(
  running: Endpoints | undefined,
  config: Config,
  use: (services: OpenServices) => Promise<number>,
): Promise<number> {
  const interruption = new AbortController();
  const temporalProgram = running === undefined ? await preflight(config, notice) : undefined;
  const supervisor =
    running === undefined
      ? new Supervisor({ config, workers: workerPrograms, temporalProgram, onNotice: notice })
      : undefined;
  let started = false;
  let asked = false;
  const onSignal = onceForEachAsking(() => {
    asked = true;
    if (interruption.signal.aborted) {
      supervisor?.kill();
      process.exit(exitCodes.interrupted);
    }
    interruption.abort();
    if (supervisor !== undefined) notice(farewell(config));
    void supervisor?.stop();
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  void supervisor?.ended.then(() => interruption.abort());
  try {
    if (supervisor !== undefined) notice("starting Postgres, Temporal and the workers");
    const endpoints = running ?? (await supervisor!.start());
    started = true;
    return await use({ endpoints, attached: running !== undefined, interrupted: interruption.signal });
  } catch (error) {
    // Services that cannot start end by themselves; only what a person interrupted is an interruption.
    if (!interruption.signal.aborted || !(started || asked)) throw error;
    return exitCodes.interrupted;
  } finally {
    await supervisor?.stop();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

const farewell = ({ graceMs }: Config) =>
  `ending the workers and services; work under way has ${graceMs / 1_000} s to end, RATCHET_GRACE (Ctrl-C again to end them at once)`;

/** Resolves at the signal. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
