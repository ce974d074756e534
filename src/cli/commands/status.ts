/** `ratchet status [RUN]`: the processes that run and how far a run is; the newest one by default. */
import type { Command } from "commander";
import { type Config, readConfig } from "../../config/config.ts";
import { describeNumericsChange } from "../../core/experiment/held-numerics.ts";
import { describeChange, describeOrigin, describePin, describeTrip } from "../../core/experiment/history.ts";
import { type Endpoints, knownEndpoints, runningEndpoints } from "../../services/endpoints.ts";
import { observedAt, runningProcesses } from "../../services/process-table.ts";
import { addressesOf, describeAddresses } from "../addresses.ts";
import type { Seen } from "../see-run.ts";

const nothing: Seen = { facts: undefined, isOpen: false, waits: null, outages: [] };

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
      const endpoints = name === undefined ? knownEndpoints(config) : runningEndpoints(config);
      // Store and client take a second to load, which a home where nothing runs need not wait for.
      const seen = endpoints
        ? await (await import("../see-run.ts")).seeRun(config, endpoints, name)
        : nothing;
      if (json) {
        const { facts, isOpen, waits, outages } = seen;
        const run = facts ?? {
          run: isOpen ? name : null,
          state: isOpen ? "running" : null,
          iteration: null,
          weightsSha256: null,
          optimizerSha256: null,
        };
        const services = endpoints ? addressesOf(endpoints) : null;
        process.stdout.write(
          `${JSON.stringify({ ...run, waits, outages, home: config.home, services, processes })}\n`,
        );
      } else process.stdout.write(describe(config, processes, endpoints, seen, name));
    });
}

function describe(
  config: Config,
  processes: ReturnType<typeof runningProcesses>,
  endpoints: Endpoints | undefined,
  { facts, isOpen, waits, outages }: Seen,
  name: string | undefined,
): string {
  if (endpoints === undefined) return `nothing runs for ${config.home}; start it with: npx ratchet up\n`;
  const unknown = isOpen || waits !== null ? [`run ${name}${isOpen ? ": running" : ""}`] : [];
  if (facts === undefined && unknown.length === 0 && outages.length === 0) unknown.push("no run yet");
  const run =
    facts === undefined
      ? [...unknown, ...(waits === null ? [] : [`  ${waits}`])]
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
  const own = processes.map(({ role, pid }) => `  ${role.padEnd(16)} ${pid}`);
  const roles = own.length > 0 ? own : ["  none of this home; whoever runs the services runs the workers"];
  const services = ["services", describeAddresses(endpoints)];
  return `${[...run, ...outages, "processes", ...roles, ...services].join("\n")}\n`;
}
