/**
 * What every worker process does around its worker: connects, tells its supervisor when it polls, says how it is, drains
 * on SIGTERM, and ends with its supervisor.
 */
import { hostname } from "node:os";
import { Client } from "@temporalio/client";
import type { DataConverter } from "@temporalio/common";
import { NativeConnection, type Worker } from "@temporalio/worker";
import { type Config, readConfig } from "../config/config.ts";
import { forgetSecrets } from "../config/secrets.ts";
import { RatchetError } from "../core/errors.ts";
import { encryptingConverter } from "../services/payload-encryption.ts";
import type { workerRoles } from "../services/roles.ts";
import { endWithSupervisor } from "../services/worker.ts";
import { activityInterceptor } from "./activity-log.ts";
import { attemptsInterceptor, failDeadAttempts } from "./attempts.ts";
import { buildId } from "./build-id.ts";
import { drain, endingSignal, handBackMs } from "./ending.ts";
import { createLogger, type Logger } from "./logger.ts";
import type { Meters } from "./meters.ts";
import { startTelemetry } from "./telemetry.ts";
import { activityDeployment, versionId } from "./versioning.ts";

export interface Serving {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly log: Logger;
  readonly meters: Meters;
  readonly buildId: string;
  /** Aborts when this process is asked to end: what has begun has its grace from then on, what has not is handed back. */
  readonly ending: AbortSignal;
  /** What any worker of this process starts from. */
  readonly common: ReturnType<typeof commonOptions>;
  /** What an activity worker adds to that. */
  readonly forActivities: ReturnType<typeof activityOptions>;
}

interface Opened {
  readonly workers: readonly Worker[];
  /** After the workers poll, before the process counts as ready. */
  readonly announce?: () => Promise<void>;
  /** Of a worker that needs one: rejects where its database does not answer. */
  readonly askDatabase?: () => Promise<unknown>;
  close(): Promise<void>;
}

type Role = (typeof workerRoles)[number];

/** In containers pids repeat, so the host tells workers apart. */
const identityOf = (prefix: string) => `${prefix}-${process.pid}@${hostname()}`;

const commonOptions = (
  { temporalNamespace: namespace, graceMs }: Config,
  connection: NativeConnection,
  dataConverter: DataConverter | undefined,
  prefix: string,
) => ({
  connection,
  namespace,
  identity: identityOf(prefix),
  ...(dataConverter === undefined ? {} : { dataConverter }),
  // A killed worker's sticky queue is given up after a second, not ten.
  stickyQueueScheduleToStartTimeout: "1s" as const,
  maxHeartbeatThrottleInterval: "1s" as const,
  defaultHeartbeatThrottleInterval: "1s" as const,
  shutdownGraceTime: graceMs,
  shutdownForceTime: graceMs + handBackMs,
});

const activityOptions = ({ versioning, home }: Config, id: string, log: Logger, meters: Meters) => ({
  ...activityDeployment(versioning, id),
  interceptors: { activity: [attemptsInterceptor(home), activityInterceptor(log, meters)] },
});

/** Runs the workers that `open` makes until the process is asked to stop; `close` releases what it opened. */
export async function serve(
  role: Role,
  identityPrefix: string,
  open: (serving: Serving) => Promise<Opened>,
): Promise<void> {
  endWithSupervisor();
  const ending = endingSignal();
  // Nothing has begun yet that could be lost.
  const endAtOnce = () => process.exit(0);
  ending.addEventListener("abort", endAtOnce);
  let log: Logger | undefined;
  try {
    const config = readConfig();
    forgetSecrets();
    log = createLogger(role, config);
    const { meters, watch } = await startTelemetry(role, config, log);
    const connection = await NativeConnection.connect(config.temporalConnection ?? {});
    const common = commonOptions(config, connection, encryptingConverter(config.payloadKeys), identityPrefix);
    const handedBack = await failDeadAttempts(config.home, new Client(common));
    if (handedBack > 0) log.info({ attempts: handedBack }, "handed back what a dead worker was at");
    const id = versionId(config.versioning, await buildId());
    const { workers, announce, askDatabase, close } = await open({
      config,
      connection,
      log,
      meters,
      buildId: id,
      ending,
      common,
      forActivities: activityOptions(config, id, log, meters),
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    ending.removeEventListener("abort", endAtOnce);
    ending.addEventListener("abort", () => drain(workers));
    watch(workers, connection, askDatabase);
    await Promise.race([announce?.(), running]);
    log.info({ buildId: id, versioning: config.versioning }, "polls its queues");
    process.send?.("ready");
    await running;
    await close();
    await connection.close();
    process.exit(0);
  } catch (error) {
    // The last line is what a person is shown, who has no use for JSON or a stack.
    const known = error instanceof RatchetError;
    if (!known) log?.error({ err: error }, "ended by an error");
    process.stderr.write(`${known ? error.message : String((error as Error).message)}\n`);
    process.exit(1);
  }
}
