/** Workers as supervised children: each says `ready` by IPC once it polls, and never outlives its supervisor. */
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import type { ChildSpecification } from "./child.ts";
import type { Endpoints } from "./endpoints.ts";
import { launcher } from "./launcher.ts";
import { localHost } from "./ports.ts";
import type { WorkerProgram } from "./roles.ts";

/** What a worker sends when it polls its queues. */
const readyMessage = "ready";
/** Beyond the grace of its activities: a worker hands back what did not end within it, in 3 s, and closes what it opened. */
const closingMs = 5_000;

/**
 * For the engine, which inherits it: glibc gives a freed tensor's pages back to the kernel and asks for them again at the next run; keeping them took the
 * system time of a warm update of four layers from 1.0-1.5 s to 0.1-0.2 s, for 12-25 % more resident memory.
 */
export const engineEnvironment = {
  MALLOC_MMAP_THRESHOLD_: `${2 ** 30}`,
  MALLOC_TRIM_THRESHOLD_: `${2 ** 32}`,
};

export function workerSpecification(
  config: Config,
  endpoints: Endpoints,
  program: WorkerProgram,
  metricsPort: number,
): ChildSpecification {
  return {
    role: program.role,
    prepare: async () => ({
      file: process.execPath,
      arguments: [launcher, program.file],
      environment: {
        ...withoutWhatItNeedsNot(config.environment, program.role),
        ...(program.role === "gpu-worker" && engineEnvironment),
        RATCHET_HOME: config.home,
        RATCHET_ARTIFACTS: config.artifactFolder,
        RATCHET_CACHE: config.cacheFolder,
        ...(program.role !== "workflow-worker" && { DATABASE_URL: endpoints.databaseUrl }),
        RATCHET_METRICS_ADDRESS: `${localHost}:${metricsPort}`,
        TEMPORAL_NAMESPACE: endpoints.temporalNamespace,
        ...(config.temporalConnection === undefined && {
          TEMPORAL_ADDRESS: endpoints.temporalConnection.address!,
        }),
      },
      cwd: dirname(program.file),
    }),
    becomesReady: (signal, child) =>
      new Promise((resolve, reject) => {
        child?.on("message", (message) => {
          if (message === readyMessage) resolve();
        });
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
    // Whatever it says of itself, it speaks.
    answers: (signal) => fetch(`http://${localHost}:${metricsPort}/healthz`, { signal }),
    channel: true,
    stopSignal: "SIGTERM",
    stopGraceMs: config.graceMs + closingMs,
  };
}

/** Least privilege: orchestration reads no database, and only the CPU worker fetches policies. */
function withoutWhatItNeedsNot(
  environment: Readonly<Record<string, string>>,
  role: WorkerProgram["role"],
): Record<string, string> {
  const unneeded = {
    "workflow-worker": ["DATABASE_URL", "HF_TOKEN"],
    "gpu-worker": ["HF_TOKEN"],
    "cpu-worker": [],
  };
  const names = new Set<string>(unneeded[role]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)));
}

/**
 * Called by a worker before anything else: it then ends at once when its supervisor dies. The next start brings another
 * worker, and Temporal retries what this one held. Without a supervisor (a container, a terminal) nothing happens.
 */
export function endWithSupervisor(): void {
  process.once("disconnect", () => process.exit(1));
  // It may have died while this program was still loading.
  if (process.connected === false) process.exit(1);
  // Watching must not keep a worker alive that has finished.
  process.channel?.unref();
}
