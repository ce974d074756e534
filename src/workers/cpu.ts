/** The CPU worker: synthesis, tools in the sandbox, scoring and reports. */
import { Client, Connection } from "@temporalio/client";
import { Worker } from "@temporalio/worker";
import { createCpuActivities } from "../activities/index.ts";
import { createKnowledgeAuthor } from "../authors/knowledge/author.ts";
import { checkpointBudgetBytes } from "../core/ports/artifacts.ts";
import { defaultSandboxLimits } from "../sandbox/limits.ts";
import { createSandbox } from "../sandbox/sandbox.ts";
import { taskQueues } from "../workflows/names.ts";
import { partLog } from "./activity-log.ts";
import { handingBack } from "./ending.ts";
import { meterLedger, meterRuns, meterSandbox } from "./meters.ts";
import { peeker } from "./peek.ts";
import { policyPinner, policyPreparer } from "./policies.ts";
import { codecs, environmentSets } from "./ports.ts";
import { serve } from "./serve.ts";
import { openWorkersStore } from "./store.ts";

/** Two batches in the sandbox, one being written; more would only wait for the two cores this is sized for. */
const activitySlots = 4;

await serve("cpu-worker", "ratchet-cpu", async ({ config, log, meters, common, forActivities }) => {
  const store = await openWorkersStore(config, log);
  const sandbox = createSandbox({ ...defaultSandboxLimits, log: partLog(log, "sandbox") });
  const clientConnection = await Connection.connect(config.temporalConnection ?? {});
  const client = new Client({
    connection: clientConnection,
    namespace: config.temporalNamespace,
    ...(common.dataConverter && { dataConverter: common.dataConverter }),
  });
  const activities = createCpuActivities({
    artifacts: store.artifacts,
    ledger: meterLedger(store.ledger, meters),
    runs: meterRuns(store.runs, meters),
    author: createKnowledgeAuthor(),
    sandbox: meterSandbox(sandbox, meters),
    engineThreads: config.threads,
    environmentSet: environmentSets(store.artifacts),
    codec: codecs(store.artifacts),
    preparePolicy: policyPreparer(store.artifacts, config),
    pinPolicy: policyPinner(config),
    collectGarbage: async (keep) => {
      await store.collectGarbage(keep, checkpointBudgetBytes);
    },
    peekWorkflow: peeker(client),
  });
  const worker = await Worker.create({
    ...common,
    ...forActivities,
    interceptors: { activity: [...forActivities.interceptors.activity, handingBack] },
    taskQueue: taskQueues.cpu,
    activities,
    maxConcurrentActivityTaskExecutions: activitySlots,
  });
  return {
    workers: [worker],
    askDatabase: store.askDatabase,
    close: async () => {
      await sandbox.close();
      await clientConnection.close();
      await store.close();
    },
  };
});
