/**
 * What a run under way waits for, as Temporal knows it: its open workflows, their pending activities, their own tasks where
 * these fail, and who polls.
 */
import type { Client, WorkflowHandle } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";
import { taskQueues } from "../workflows/names.ts";
import { openWorkflows, outermost, progressOf } from "./open-run.ts";
import { readPolls, timeMs } from "./polls.ts";
import { failureOf, summaryOf } from "./temporal-client.ts";
import type { FailingTask, Pending, Waiting } from "./waiting.ts";

type Description = Awaited<ReturnType<WorkflowHandle["describe"]>>;
type PendingActivity = NonNullable<Description["raw"]["pendingActivities"]>[number];
type OwnTask = Description["raw"]["pendingWorkflowTask"];
type Events = NonNullable<Awaited<ReturnType<WorkflowHandle["fetchHistory"]>>["events"]>;

/** temporal.api.enums.v1: PendingActivityState.STARTED, PendingWorkflowTaskState.SCHEDULED, VersioningBehavior.PINNED. */
const startedState = 2;
const scheduledState = 1;
const pinnedBehavior = 1;

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
  const { currentBuild } = await readPolls(client, new Set());
  const pending: Pending[] = [];
  const failingTasks: FailingTask[] = [];
  for (const [workflowId, { raw }] of found) {
    const activities = raw.pendingActivities ?? [];
    const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
    const build = pinnedTo(raw);
    pending.push(...untaken(workflowId, raw.pendingWorkflowTask, build ?? currentBuild));
    if (activities.length === 0 && attempt === 1) continue;
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    for (const one of await pendingOf(client, workflowId, activities, events ?? []))
      pending.push({ ...one, ...(build && { build }) });
    if (attempt > 1) failingTasks.push(await failingTask(client, workflowId, attempt, events ?? []));
  }
  const progress = await progressOf(client, top.workflowId);
  const activities = pending.filter(({ queue }) => queue !== taskQueues.workflows);
  return {
    state: progress?.state,
    waitsFor: progress?.waitsFor ?? null,
    pending,
    failingTasks,
    polledMsAgo: (await readPolls(client, new Set(activities.map(({ queue }) => queue)))).polledMsAgo,
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

/** A workflow's own task that no worker has taken yet. */
function untaken(workflowId: string, task: OwnTask, build: string | undefined): Pending[] {
  if (task?.state !== scheduledState) return [];
  const forMs = Date.now() - timeMs(task.scheduledTime);
  const nothing = { started: false, attempt: 1, failure: null, worker: null };
  return [
    {
      workflowId,
      what: "orchestration",
      queue: taskQueues.workflows,
      ...(build && { build }),
      forMs,
      ...nothing,
    },
  ];
}

/** Undefined where the workflow goes on with whichever build is the current one. */
function pinnedTo({ workflowExecutionInfo }: Description["raw"]): string | undefined {
  const { behavior, deploymentVersion, versioningOverride } = workflowExecutionInfo?.versioningInfo ?? {};
  if (versioningOverride?.autoUpgrade) return undefined;
  const own = behavior === pinnedBehavior ? deploymentVersion?.buildId : undefined;
  return versioningOverride?.pinned?.version?.buildId ?? own ?? undefined;
}
