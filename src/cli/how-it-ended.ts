/** How a run's workflow closed, in one sentence, as Temporal has it: the store hears nothing of one that was ended from outside. */
import {
  ApplicationFailure,
  type Client,
  WorkflowFailedError,
  type WorkflowHandle,
} from "@temporalio/client";
import { experimentWorkflowId } from "../workflows/names.ts";
import { statusOf } from "./open-run.ts";

/** Undefined where it came to its end, or where Temporal knows no workflow of the run. */
export async function howItEnded(client: Client, run: string): Promise<string | undefined> {
  for (const workflowId of [experimentWorkflowId(run), run]) {
    const handle = client.workflow.getHandle(workflowId);
    const status = await statusOf(handle);
    if (status !== "NOT_FOUND") return hasEndedWell(status) ? undefined : describeEnd(handle, status);
  }
  // Begun by hand under an id of its own; the newest comes first.
  for await (const found of client.workflow.list({ query: `RatchetRun = '${run}'` })) {
    if (found.parentExecution !== undefined) continue;
    const handle = client.workflow.getHandle(found.workflowId, found.runId);
    return hasEndedWell(found.status.name) ? undefined : describeEnd(handle, found.status.name);
  }
  return undefined;
}

const hasEndedWell = (status: string) => status === "COMPLETED" || status === "CONTINUED_AS_NEW";

export async function describeEnd(handle: WorkflowHandle, status: string): Promise<string> {
  if (status === "NOT_FOUND")
    return "Temporal no longer knows the workflow; its database was deleted, or the run is older than what it keeps";
  if (status !== "FAILED") return `the workflow was ended: ${status.toLowerCase().replaceAll("_", " ")}`;
  const failure = await handle.result().then(
    () => "no failure recorded",
    (error: Error) => {
      if (error instanceof WorkflowFailedError) return innermost(error).message;
      throw error;
    },
  );
  return `the workflow failed: ${failure.split("\n")[0]}`;
}

/** Temporal wraps an activity's own failure, whose sentence is meant for people, in one per workflow it passed through. */
function innermost(error: Error): Error {
  const isOurs = error instanceof ApplicationFailure;
  return error.cause instanceof Error && !isOurs ? innermost(error.cause) : error;
}
