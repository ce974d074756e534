/** `ratchet status [RUN]`: the processes that run and how far a run is; the newest one by default. */
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import { describeNumericsChange } from "../../core/experiment/held-numerics.ts";
import { describeChange, describeOrigin, describePin, describeTrip } from "../../core/experiment/history.ts";
import { type Endpoints, runningEndpoints } from "../../services/endpoints.ts";
import { observedAt, runningProcesses } from "../../services/process-table.ts";
import { addressesOf, describeAddresses } from "../addresses.ts";
import type { RunFacts } from "../read-run.ts";

export function register(ratchet: Command): void {
  ratchet
    .command("status")
    .argument("[RUN]", "id of a run; the newest one by default")
    .description("show the processes and how far a run is")
    .option("--json", "print one JSON object")
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      const config = readConfig();
      const processes = runningProcesses(config.home).map(({ role, pid }) => {
        const observed = observedAt(config.home, role);
        return {
          role,
          pid,
          ...(observed && { health: `${observed}/healthz`, metrics: `${observed}/metrics` }),
        };
      });
      const endpoints = processes.some(({ role }) => role === "supervisor")
        ? runningEndpoints(config)
        : undefined;
      if (name !== undefined && endpoints === undefined) runningEndpoints(config);
      const stored = endpoints && (await factsOf(config, endpoints, name));
      const { facts, waits } = endpoints && stored ? await asTemporalHasIt(endpoints, stored) : nothing;
      if (json) {
        const run = facts ?? {
          run: null,
          state: null,
          iteration: null,
          weightsSha256: null,
          optimizerSha256: null,
        };
        const services = endpoints ? addressesOf(endpoints) : null;
        process.stdout.write(
          `${JSON.stringify({ ...run, waits, home: config.home, services, processes })}\n`,
        );
      } else process.stdout.write(describe(config, processes, endpoints, facts, waits));
    });
}

interface Seen {
  readonly facts: RunFacts | undefined;
  /** What a run under way waits for at this moment, in one line; null where nothing, or where Temporal does not answer. */
  readonly waits: string | null;
}
const nothing: Seen = { facts: undefined, waits: null };

/** The store knows how a run ended that ended by itself; one that was terminated, or timed out, could not write that down. */
async function asTemporalHasIt(endpoints: Endpoints, facts: RunFacts): Promise<Seen> {
  const { run, state } = facts;
  if (state !== "running") return { facts, waits: null };
  const [{ withClient }, { readWaiting }, { explainWaiting }] = await Promise.all([
    import("../temporal-client.ts"),
    import("../read-waiting.ts"),
    import("../waiting.ts"),
  ]);
  try {
    const waiting = await withClient(endpoints, (client) => readWaiting(client, run));
    if (waiting !== undefined) return { facts, waits: explainWaiting(run, waiting) };
    const waits = `no workflow of it is open; go on with: npx ratchet resume ${run}`;
    return { facts: { ...facts, state: "failed" }, waits };
  } catch {
    return { facts, waits: null };
  }
}

/** Undefined also while Postgres is being started again: the processes are worth showing by themselves. */
async function factsOf(config: Config, endpoints: Endpoints, name?: string): Promise<RunFacts | undefined> {
  try {
    // The store takes a second to load, which a home where nothing runs need not wait for.
    const { readRun } = await import("../read-run.ts");
    return await readRun(config, endpoints, name);
  } catch (error) {
    if (error instanceof RatchetError && error.type === "DatabaseUnavailable") return undefined;
    throw error;
  }
}

function describe(
  config: Config,
  processes: ReturnType<typeof runningProcesses>,
  endpoints: Endpoints | undefined,
  facts: RunFacts | undefined,
  waits: string | null,
): string {
  if (endpoints === undefined) return `nothing runs for ${config.home}; start it with: npx ratchet up\n`;
  const run =
    facts === undefined
      ? ["no run yet"]
      : [
          `run ${facts.run}: ${facts.state}${facts.iteration === null ? "" : `, ${facts.stage} at iteration ${facts.iteration}`}`,
          ...(waits === null ? [] : [`  ${waits}`]),
          ...facts.origins.map((origin) => `  ${describeOrigin(facts.run, origin)}`),
          ...facts.numericsChanges.map((change) => `  ${describeNumericsChange(change)}`),
          ...facts.policies.map((pin) => `  ${describePin(pin)}`),
          ...facts.changes.map((change) => `  ${describeChange(change)}`),
          ...facts.trips.map((trip) => `  ${describeTrip(trip)}`),
          ...facts.stages.map(({ stage, state }) => `  ${state.padEnd(8)} ${stage}`),
          ...(facts.weightsSha256 === null ? [] : [`  weights ${facts.weightsSha256}`]),
        ];
  const roles = processes.map(({ role, pid }) => `  ${role.padEnd(16)} ${pid}`);
  return `${[...run, "processes", ...roles, "services", describeAddresses(endpoints)].join("\n")}\n`;
}
