/** The workflow worker: runs orchestration and nothing else. Tests give it no cache, so that each task replays its history. */
import { Worker } from "@temporalio/worker";
import { taskQueues } from "../workflows/names.ts";
import { workflowBundle } from "./bundle.ts";
import { serve } from "./serve.ts";
import { deploymentOptions, makeCurrent } from "./versioning.ts";

export const serveWorkflows = (maxCachedWorkflows: number): Promise<void> =>
  serve("workflow-worker", "ratchet-workflow", async ({ config, connection, log, buildId, common }) => {
    const { cacheFolder, versioning, temporalNamespace } = config;
    const worker = await Worker.create({
      ...common,
      taskQueue: taskQueues.workflows,
      workerDeploymentOptions: deploymentOptions(versioning, buildId),
      workflowBundle: await workflowBundle(cacheFolder, common.dataConverter),
      maxCachedWorkflows,
    });
    return {
      workers: [worker],
      ...(versioning === "auto-upgrade" && {
        announce: () => makeCurrent(connection, temporalNamespace, buildId, log),
      }),
      close: async () => undefined,
    };
  });
