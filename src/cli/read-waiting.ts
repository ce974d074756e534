/** What a run under way waits for, as Temporal knows it: its open workflows, their pending activities, and who polls. */
import type { Client, WorkflowHandle } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";
import { taskQueues } from "../workflows/names.ts";
import { openWorkflows, outermost, progressOf } from "./open-run.ts";
import { failureOf, summaryOf } from "./temporal-client.ts";
import type { Pending, Waiting } from "./waiting.ts";

type Description = Awaited<ReturnType<WorkflowHandle["describe"]>>;
type PendingActivity = NonNullable<Description["raw"]["pendingActivities"]>[number];
type Time = PendingActivity["scheduledTime"];

/** temporal.api.enums.v1: PendingActivityState.STARTED, and the two kinds of task queue. */
const startedState = 2;
const queueKinds = { workflow: 1, activity: 2 } as const;

/** Undefined where the run is not under way. */
export async function readWaiting(client: Client, run: string): Promise<Waiting | undefined> {
  const top = await outermost(client, run).catch((error: unknown) => {
    if (error instanceof RatchetError && error.type === "InvalidInput") return undefined;
    throw error;
  });
  if (top === undefined) return undefined;
  const found = new Map<string, Description>();
  const visit = async (workflowId: string): Promise<void> => {
    if (found.has(workflowId)) return;
    const description = await client.workflow.getHandle(workflowId).describe();
    found.set(workflowId, description);
    for (const child of description.raw.pendingChildren ?? []) await visit(child.workflowId!);
  };
  await visit(top.workflowId);
  // A parent that was reset follows children that it no longer counts as its own.
  for (const { workflowId } of await openWorkflows(client, run)) await visit(workflowId);
  const pending: Pending[] = [];
  for (const [workflowId, { raw }] of found)
    if ((raw.pendingActivities ?? []).length > 0)
      pending.push(...(await pendingOf(client, workflowId, raw.pendingActivities!)));
  const progress = await progressOf(client, top.workflowId);
  return {
    state: progress?.state,
    waitsFor: progress?.waitsFor ?? null,
    pending,
    polledMsAgo: await polls(client, new Set(pending.map(({ queue }) => queue))),
  };
}

/** Queue and summary stand where the activity was scheduled. */
async function pendingOf(
  client: Client,
  workflowId: string,
  activities: readonly PendingActivity[],
): Promise<Pending[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return Promise.all(
    activities.map(async (activity) => {
      const scheduled = (events ?? []).findLast(
        ({ activityTaskScheduledEventAttributes: attributes }) =>
          attributes?.activityId === activity.activityId,
      );
      const summary = await summaryOf(client, scheduled?.userMetadata);
      const started = activity.state === startedState;
      return {
        workflowId,
        what: summary?.split(":")[0] ?? activity.activityType?.name ?? "an activity",
        queue: scheduled?.activityTaskScheduledEventAttributes?.taskQueue?.name ?? "",
        started,
        forMs: Date.now() - timeMs(started ? activity.lastStartedTime : activity.scheduledTime),
        attempt: activity.attempt ?? 1,
        failure: (await failureOf(client, activity.lastFailure))?.split("\n")[0] ?? null,
        worker: activity.lastWorkerIdentity ?? null,
      };
    }),
  );
}

async function polls(client: Client, queues: ReadonlySet<string>): Promise<Record<string, number>> {
  const asked = [
    [taskQueues.workflows, queueKinds.workflow] as const,
    ...[...queues].map((name) => [name, queueKinds.activity] as const),
  ];
  const answers = await Promise.all(
    asked.map(async ([name, taskQueueType]) => {
      const { pollers } = await client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name },
        taskQueueType,
      });
      const last = Math.max(...(pollers ?? []).map(({ lastAccessTime }) => timeMs(lastAccessTime)));
      return [name, Date.now() - last] as const;
    }),
  );
  return Object.fromEntries(answers.filter(([, ago]) => Number.isFinite(ago)));
}

const timeMs = (time: Time) => Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6;
