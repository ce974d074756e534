/** Resets a finished workflow to one of its workflow tasks, as `temporal workflow reset --event-id` does, and compares. */
import type { Client } from "@temporalio/client";
import { canonicalJson } from "../src/core/json.ts";

export interface ResetPoint {
  readonly workflowId: string;
  /** Of the first execution: a reset opens another, whose events have other numbers. */
  readonly runId: string;
  /** A WorkflowTaskCompleted event. */
  readonly event: number;
}

/** Every completed workflow task of every execution there is now, by workflow id and event. */
export async function resetPoints(client: Client): Promise<ResetPoint[]> {
  const points: ResetPoint[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { eventId, workflowTaskCompletedEventAttributes: completed } of events ?? [])
      if (completed) points.push({ workflowId, runId, event: Number(eventId) });
  }
  return points.sort((a, b) =>
    a.workflowId === b.workflowId ? a.event - b.event : a.workflowId < b.workflowId ? -1 : 1,
  );
}

/** Resets and waits; null where the new execution ends with the result of the one that was reset, else what it ended with. */
export async function resetDiffers(client: Client, point: ResetPoint): Promise<string | null> {
  const { workflowId, runId, event } = point;
  const { runId: newRunId } = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: event as never,
    reason: "a study of resets",
    requestId: `${workflowId}-${event}-${Date.now()}`,
  });
  const resultOf = (id: string) =>
    client.workflow
      .getHandle(workflowId, id)
      .result()
      .then(
        (result) => canonicalJson(result),
        (error: Error) => `failed: ${error.message}: ${String(error.cause)}`,
      );
  const [before, after] = [await resultOf(runId), await resultOf(newRunId)];
  return before === after && !before.startsWith("failed") ? null : after;
}
