/** The workflow worker: runs orchestration and nothing else. */
import { Worker } from "@temporalio/worker";
import { taskQueues } from "../workflows/names.ts";
import { workflowBundle } from "./bundle.ts";
import { serve, workerDefaults, workerIdentity } from "./serve.ts";

await serve(async ({ config, connection }) => ({
  workers: [
    await Worker.create({
      ...workerDefaults,
      connection,
      namespace: config.temporalNamespace,
      taskQueue: taskQueues.workflows,
      identity: workerIdentity("ratchet-workflow"),
      workflowBundle: await workflowBundle(config.home),
      maxCachedWorkflows: 200, // each holds its own isolate context, about 1 MB
    }),
  ],
  close: async () => undefined,
}));
