/**
 * The activities as workflows call them, one proxy for each task queue. Retries are unbounded in attempts, because an
 * attempt lost to a killed worker says nothing about the work; what bounds them is the count of the work's own failures,
 * kept by the ledger or the worker, after which an activity fails for good and the workflow parks.
 */
import { proxyActivities } from "@temporalio/workflow";
import type { CpuActivities, SamplingActivities, UpdateActivities } from "../activities/index.ts";
import { taskQueues } from "./names.ts";

type Work = (...args: never[]) => Promise<unknown>;
/** None is called without saying what it is for: the UI's timeline shows that, and not the input. */
type Summarized<A extends object> = {
  readonly [K in keyof A]: A[K] extends Work
    ? {
        executeWithOptions(options: { readonly summary: string }, args: Parameters<A[K]>): ReturnType<A[K]>;
      }
    : never;
};

const retry = { initialInterval: "200ms", backoffCoefficient: 2, maximumInterval: "10s" } as const;

/** Synthesis, tools, scoring: seconds of work, heartbeats every second. */
export const cpu: Summarized<CpuActivities> = proxyActivities<CpuActivities>({
  taskQueue: taskQueues.cpu,
  startToCloseTimeout: "20m", // preparing a policy may download 100 MB over a slow line
  heartbeatTimeout: "10s", // ten missed beats; what a worker costs that is frozen, or dies with its machine
  retry,
});

/**
 * More than any sound turn or update takes, its wait for the device included: an attempt beyond the limit fails nowhere, is
 * counted by nobody, and would be begun again for ever. What hangs is found by its silence: by these heartbeats, and by
 * the engine's owner, who ends it after 30 s.
 */
const beyondSoundWork = "7 days";

/** Sampling: heartbeats at each prefill block and token step. */
export const sample: Summarized<SamplingActivities> = proxyActivities<SamplingActivities>({
  taskQueue: taskQueues.sample,
  startToCloseTimeout: beyondSoundWork,
  heartbeatTimeout: "10s", // a token step takes well under a second; loading weights a few
  retry,
});

/** Updates: heartbeats at each layer and each file. They wait without limit for a device worker. */
export const train: Summarized<UpdateActivities> = proxyActivities<UpdateActivities>({
  taskQueue: taskQueues.train,
  startToCloseTimeout: beyondSoundWork,
  heartbeatTimeout: "20s", // writing and syncing one large tensor file may take some seconds
  retry,
});
