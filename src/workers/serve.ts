/**
 * What every worker process does around its worker: connects, tells its supervisor when it polls, drains on SIGTERM, and
 * ends with its supervisor.
 */
import { hostname } from "node:os";
import { DefaultLogger, NativeConnection, Runtime, type Worker } from "@temporalio/worker";
import { type Config, readConfig } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { endWithSupervisor } from "../services/worker.ts";

export interface Serving {
  readonly config: Config;
  readonly connection: NativeConnection;
}

/** Common options: a killed worker's sticky queue is given up after a second, not ten. */
export const workerDefaults = {
  stickyQueueScheduleToStartTimeout: "1s",
  maxHeartbeatThrottleInterval: "1s",
  defaultHeartbeatThrottleInterval: "1s",
  shutdownGraceTime: "5s", // a tool batch or a token step; the supervisor waits 8 s
  shutdownForceTime: "7s",
} as const;

/** In containers pids repeat, so the host tells workers apart. */
export const workerIdentity = (prefix: string) => `${prefix}-${process.pid}@${hostname()}`;

/** Runs the workers that `open` makes until the process is asked to stop; `close` releases what it opened. */
export async function serve(
  open: (serving: Serving) => Promise<{ readonly workers: readonly Worker[]; close(): Promise<void> }>,
): Promise<void> {
  endWithSupervisor();
  const config = readConfig();
  Runtime.install({
    logger: new DefaultLogger(
      config.logLevel === "debug" ? "DEBUG" : config.logLevel === "info" ? "INFO" : "WARN",
    ),
    shutdownSignals: ["SIGTERM", "SIGINT"],
  });
  try {
    const connection = await NativeConnection.connect(config.temporalConnection ?? {});
    const { workers, close } = await open({ config, connection });
    const running = Promise.all(workers.map((worker) => worker.run()));
    process.send?.("ready");
    await running;
    await close();
    await connection.close();
    process.exit(0);
  } catch (error) {
    const message = error instanceof RatchetError ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`${message}\n`);
    process.exit(1);
  }
}
