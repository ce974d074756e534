/**
 * What becomes of open runs when a new build starts. `auto-upgrade`, for a machine that has one build at a time: the
 * newest workflow worker makes its build the current one and takes over every open workflow, also those that an earlier
 * build had pinned. `pinned`, for an operator who runs builds side by side and decides which is current.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { NativeConnection, WorkerDeploymentOptions } from "@temporalio/worker";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { deploymentName } from "../workflows/names.ts";
import type { Logger } from "./logger.ts";

/** gRPC: no such version yet; the server knows no such method. */
const notFound = 5;
const unimplemented = 12;
/** A version is known once its first poll has arrived, some tens of milliseconds after the worker runs. */
const retryMs = 100;
/** What fails otherwise is tried again more slowly, and said. */
const slowRetryMs = 2_000;

/**
 * The version that a build polls as. Pinned, it is another: queues of activities are part of that one, and a queue that was
 * ever part of a version gets the activities of its workflows from no one else.
 */
export const versionId = (versioning: Config["versioning"], build: string) =>
  versioning === "pinned" ? `${build}-pinned` : build;

/** For the worker of workflows: it polls as its build. */
export function deploymentOptions(
  versioning: Config["versioning"],
  buildId: string,
): WorkerDeploymentOptions {
  return {
    version: { deploymentName, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: versioning === "pinned" ? "PINNED" : "AUTO_UPGRADE",
  };
}

/**
 * For workers of activities: with `pinned`, a workflow's activities run in its own build. With `auto-upgrade` they take
 * whatever comes: a worker that was started again on changed sources must not wait for others of its build.
 */
export const activityDeployment = (versioning: Config["versioning"], buildId: string) =>
  versioning === "pinned" ? { workerDeploymentOptions: deploymentOptions(versioning, buildId) } : {};

/** Resolves once this build is the current one, however long Temporal is away. Throws where the server is too old. */
export async function makeCurrent(
  connection: NativeConnection,
  namespace: string,
  buildId: string,
  log: Logger,
): Promise<void> {
  for (;;) {
    try {
      await connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        // Queues of activities are nobody's version in this mode.
        ignoreMissingTaskQueues: true,
        identity: deploymentName,
      });
      await adoptPinned(connection, namespace, buildId, log);
      return log.info({ buildId }, "this build is the current one");
    } catch (error) {
      const { code } = error as { code?: number };
      if (code === unimplemented)
        throw new RatchetError(
          "TemporalUnavailable",
          "the Temporal server has no worker deployments; use version 1.28 or later",
          {},
          error,
        );
      if (code !== notFound) log.warn({ err: error, buildId }, "this build is not current yet");
      await sleep(code === notFound ? retryMs : slowRetryMs);
    }
  }
}

/** Runs pinned to a build that nobody runs any more would wait for ever. Their payloads, perhaps encrypted, stay unread. */
async function adoptPinned(
  connection: NativeConnection,
  namespace: string,
  buildId: string,
  log: Logger,
): Promise<void> {
  const query = `ExecutionStatus = "Running" AND TemporalWorkerDeployment = "${deploymentName}" AND TemporalWorkflowVersioningBehavior = "Pinned"`;
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await connection.workflowService.listWorkflowExecutions({ namespace, query, nextPageToken });
    for (const { execution } of page.executions) {
      await connection.workflowService.updateWorkflowExecutionOptions({
        namespace,
        workflowExecution: execution ?? null,
        workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
        updateMask: { paths: ["versioning_override"] },
      });
      log.info(
        { workflowId: execution?.workflowId, buildId },
        "a run that an earlier build had pinned goes on with this one",
      );
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
}
