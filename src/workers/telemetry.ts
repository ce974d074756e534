/**
 * A worker's health and metrics: Temporal's SDK exports its own and the domain's on a port of this machine that nobody
 * is told of; /metrics hands them on, beside /healthz, where the configuration says.
 */
import { createServer } from "node:net";
import { type NativeConnection, Runtime, type TelemetryOptions, type Worker } from "@temporalio/worker";
import type { Config } from "../config/config.ts";
import { serveHealth } from "../services/health.ts";
import { type Logger, temporalLogger } from "./logger.ts";
import { createMeters, durationBuckets, type Meters } from "./meters.ts";

interface Telemetry {
  readonly meters: Meters;
  /** From now on /healthz tells of these; before, that the worker starts. */
  watch(workers: readonly Worker[], connection: NativeConnection): void;
}

const loopback = "127.0.0.1";
/** Temporal answers in milliseconds; a check that takes longer is a failed one. */
const temporalLimitMs = 3_000;

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
  let watched: { workers: readonly Worker[]; connection: NativeConnection } | undefined;
  if (config.metricsAddress !== undefined) {
    await serveHealth(config.metricsAddress, config.metricsToken, {
      health: async () => {
        if (watched === undefined) return { ok: false, role, state: "starting" };
        const states = watched.workers.map((worker) => worker.getState().toLowerCase());
        const temporal = await answers(watched.connection);
        return { ok: temporal && states.every((state) => state === "running"), role, states, temporal };
      },
      metrics: async () => (await (await fetch(`http://${exporter}/metrics`)).text()) + meters.gauges.text(),
    });
  }
  return {
    meters,
    watch: (workers, connection) => {
      watched = { workers, connection };
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

async function answers(connection: NativeConnection): Promise<boolean> {
  try {
    const asked = () => connection.workflowService.getSystemInfo({});
    await connection.withDeadline(Date.now() + temporalLimitMs, asked);
    return true;
  } catch {
    return false;
  }
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
