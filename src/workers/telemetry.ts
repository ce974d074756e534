/**
 * A worker's health and metrics: Temporal's SDK exports its own and the domain's on a port of this machine that nobody
 * is told of; /metrics hands them on, beside /healthz, where the configuration says.
 */
import { createServer } from "node:net";
import { type NativeConnection, Runtime, type TelemetryOptions, type Worker } from "@temporalio/worker";
import type { Config } from "../config/config.ts";
import { serveHealth } from "../services/health.ts";
import { answering } from "./answering.ts";
import { type Logger, temporalLogger } from "./logger.ts";
import { createMeters, durationBuckets, type Meters } from "./meters.ts";

interface Telemetry {
  readonly meters: Meters;
  /** From now on /healthz tells of these; before, that the worker starts. */
  watch(workers: readonly Worker[], connection: NativeConnection, askDatabase?: Ask): void;
}

type Ask = () => Promise<unknown>;

const loopback = "127.0.0.1";
/** Temporal and Postgres answer in milliseconds; a check that takes longer is a failed one. */
const limitMs = 3_000;

/** Once in a process, before anything of Temporal's is opened. */
export async function startTelemetry(role: string, config: Config, log: Logger): Promise<Telemetry> {
  const exporter = config.metricsAddress === undefined ? undefined : `${loopback}:${await freePort()}`;
  const core = config.logLevel === "debug" ? "INFO" : "WARN";
  const runtime = Runtime.install({
    logger: temporalLogger(log),
    telemetryOptions: {
      logging: { filter: { core, other: "ERROR" }, forward: {} },
      ...(exporter && { metrics: exporting(exporter) }),
    },
    // `serve` listens for them.
    shutdownSignals: [],
  });
  const meters = createMeters(runtime.metricMeter);
  let watched:
    | {
        readonly workers: readonly Worker[];
        /** What it cannot work without, and whether it answers. */
        readonly services: Readonly<Record<string, () => Promise<boolean>>>;
      }
    | undefined;
  if (config.metricsAddress !== undefined) {
    await serveHealth(config.metricsAddress, config.metricsToken, {
      health: async () => {
        if (watched === undefined) return { ok: false, role, state: "starting" };
        const states = watched.workers.map((worker) => worker.getState().toLowerCase());
        const asked = Object.entries(watched.services).map(async ([name, ask]) => [name, await ask()]);
        const services = Object.fromEntries(await Promise.all(asked)) as Record<string, boolean>;
        const ok = Object.values(services).every(Boolean) && states.every((state) => state === "running");
        return { ok, role, states, ...services };
      },
      metrics: async () => (await (await fetch(`http://${exporter}/metrics`)).text()) + meters.gauges.text(),
    });
  }
  return {
    meters,
    watch: (workers, connection, askDatabase) => {
      watched = {
        workers,
        services: {
          temporal: answering(() => askTemporal(connection), limitMs),
          ...(askDatabase && { database: answering(askDatabase, limitMs) }),
        },
      };
    },
  };
}

const exporting = (bindAddress: string): NonNullable<TelemetryOptions["metrics"]> => ({
  prometheus: {
    bindAddress,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
    histogramBucketOverrides: Object.fromEntries(
      ["sampling", "updating", "device_files", "device_wait", "tool_batch"].map((name) => [
        `ratchet_${name}_seconds`,
        durationBuckets,
      ]),
    ),
  },
});

function askTemporal(connection: NativeConnection): Promise<unknown> {
  const asked = () => connection.workflowService.getSystemInfo({});
  return connection.withDeadline(Date.now() + limitMs, asked);
}

/** The exporter takes a number only. Where another program takes it first, the worker fails and is started again. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: loopback }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
