/** Who asks Temporal for work: when a worker last did, of each queue and of each build, and which build is the current one. */
import type { Client } from "@temporalio/client";
import { taskQueues } from "../workflows/names.ts";
import { polledBy } from "./waiting.ts";

/** temporal.api.enums.v1.TaskQueueType */
const queueKinds = { workflow: 1, activity: 2 } as const;

interface Polls {
  readonly polledMsAgo: Readonly<Record<string, number>>;
  /** Which orchestrates what is not pinned; undefined before any was made it. */
  readonly currentBuild: string | undefined;
}

/** Of the workflows' queue and of these. */
export async function readPolls(client: Client, queues: ReadonlySet<string>): Promise<Polls> {
  const { namespace } = client.options;
  const describe = async (name: string, taskQueueType: 1 | 2) =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  const orchestration = await describe(taskQueues.workflows, queueKinds.workflow);
  const others = await Promise.all(
    [...queues].map(async (name) => [name, await describe(name, queueKinds.activity)] as const),
  );
  const polledMsAgo: Record<string, number> = {};
  for (const [queue, { pollers }] of [[taskQueues.workflows, orchestration] as const, ...others])
    for (const { lastAccessTime, deploymentOptions } of pollers ?? []) {
      const ago = Date.now() - timeMs(lastAccessTime);
      for (const name of new Set([queue, polledBy(queue, deploymentOptions?.buildId || undefined)]))
        polledMsAgo[name] = Math.min(ago, polledMsAgo[name] ?? ago);
    }
  const { currentDeploymentVersion } = orchestration.versioningInfo ?? {};
  return { polledMsAgo, currentBuild: currentDeploymentVersion?.buildId || undefined };
}

interface Time {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

export const timeMs = (time: Time | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6;
