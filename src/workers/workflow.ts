/** The workflow worker: runs orchestration and nothing else. */
import { Worker } from "@temporalio/worker";
import { taskQueues } from "../workflows/names.ts";
import { workflowBundle } from "./bundle.ts";
import { serve } from "./serve.ts";
import { deploymentOptions, makeCurrent } from "./versioning.ts";

await serve("workflow-worker", "ratchet-workflow", async ({ config, connection, log, buildId, common }) => {
  const { home, versioning, temporalNamespace } = config;
  const worker = await Worker.create({
    ...common,
    taskQueue: taskQueues.workflows,
    workerDeploymentOptions: deploymentOptions(versioning, buildId),
    workflowBundle: await workflowBundle(home, common.dataConverter),
    maxCachedWorkflows: 200, // each holds its own isolate context, about 1 MB
  });
  return {
    workers: [worker],
    ...(versioning === "auto-upgrade" && {
      announce: () => makeCurrent(connection, temporalNamespace, buildId, log),
    }),
    close: async () => undefined,
  };
});
