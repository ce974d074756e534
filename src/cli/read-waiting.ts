/**
 * What a run under way waits for, as Temporal knows it: its open workflows, their pending activities, their own tasks where
 * these fail, and who polls.
 */
import type { Client, WorkflowHandle } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";
import { taskQueues } from "../workflows/names.ts";
import { openWorkflows, outermost, progressOf } from "./open-run.ts";
import { failureOf, summaryOf } from "./temporal-client.ts";
import type { FailingTask, Pending, Waiting } from "./waiting.ts";

type Description = Awaited<ReturnType<WorkflowHandle["describe"]>>;
type PendingActivity = NonNullable<Description["raw"]["pendingActivities"]>[number];
type Time = PendingActivity["scheduledTime"];
type Events = NonNullable<Awaited<ReturnType<WorkflowHandle["fetchHistory"]>>["events"]>;

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
    // A list lags by a moment.
    if (description.status.name !== "RUNNING") return;
    found.set(workflowId, description);
    for (const child of description.raw.pendingChildren ?? []) await visit(child.workflowId!);
  };
  await visit(top.workflowId);
  // A parent that was reset follows children that it no longer counts as its own.
  for (const { workflowId } of await openWorkflows(client, run)) await visit(workflowId);
  if (found.size === 0) return undefined;
  const pending: Pending[] = [];
  const failingTasks: FailingTask[] = [];
  for (const [workflowId, { raw }] of found) {
    const activities = raw.pendingActivities ?? [];
    const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
    if (activities.length === 0 && attempt === 1) continue;
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    pending.push(...(await pendingOf(client, workflowId, activities, events ?? [])));
    if (attempt > 1) failingTasks.push(await failingTask(client, workflowId, attempt, events ?? []));
  }
  const progress = await progressOf(client, top.workflowId);
  return {
    state: progress?.state,
    waitsFor: progress?.waitsFor ?? null,
    pending,
    failingTasks,
    polledMsAgo: await polls(client, new Set(pending.map(({ queue }) => queue))),
  };
}

/** Queue and summary stand where the activity was scheduled. */
async function pendingOf(
  client: Client,
  workflowId: string,
  activities: readonly PendingActivity[],
  events: Events,
): Promise<Pending[]> {
  return Promise.all(
    activities.map(async (activity) => {
      const scheduled = events.findLast(
        ({ activityTaskScheduledEventAttributes: attributes }) =>
          attributes?.activityId === activity.activityId,
      );
      const summary = await summaryOf(client, scheduled?.userMetadata).catch(() => undefined);
      const started = activity.state === startedState;
      return {
        workflowId,
        what: summary?.split(":")[0] ?? activity.activityType?.name ?? "an activity",
        queue: scheduled?.activityTaskScheduledEventAttributes?.taskQueue?.name ?? "",
        started,
        forMs: Date.now() - timeMs(started ? activity.lastStartedTime : activity.scheduledTime),
        attempt: activity.attempt ?? 1,
        failure: await failureLine(client, activity.lastFailure),
        worker: activity.lastWorkerIdentity ?? null,
      };
    }),
  );
}

/** Only the first of a row of failures is in the history; later attempts show in the count. */
async function failingTask(
  client: Client,
  workflowId: string,
  attempt: number,
  events: Events,
): Promise<FailingTask> {
  const answered = events.findLastIndex((event) => event.workflowTaskCompletedEventAttributes);
  const unanswered = events.slice(answered + 1);
  const failed = unanswered.findLast((event) => event.workflowTaskFailedEventAttributes);
  const since = failed ?? unanswered[0];
  return {
    workflowId,
    attempt,
    forMs: Date.now() - timeMs(since?.eventTime),
    failure: await failureLine(client, failed?.workflowTaskFailedEventAttributes?.failure),
  };
}

/** Of a failure that this command's keys do not decrypt it tells that. */
const failureLine = (client: Client, failure: Parameters<typeof failureOf>[1]): Promise<string | null> =>
  failureOf(client, failure)
    .catch((error: Error) => error.message)
    .then((text) => text?.split("\n")[0] ?? null);

/** Of the workflows' queue and of these. */
export async function polls(client: Client, queues: ReadonlySet<string>): Promise<Record<string, number>> {
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
