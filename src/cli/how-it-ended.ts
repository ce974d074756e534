/** How a run's workflow closed, in one sentence, as Temporal has it: the store hears nothing of one that was ended from outside. */
import {
  ApplicationFailure,
  type Client,
  WorkflowFailedError,
  type WorkflowHandle,
} from "@temporalio/client";
import { experimentWorkflowId } from "../workflows/names.ts";
import { statusOf } from "./open-run.ts";

export type Ended =
  /** Temporal knows no workflow of the run. */
  | { readonly how: "unknown" }
  | { readonly how: "well" }
  /** It was begun again meanwhile. */
  | { readonly how: "not" }
  | { readonly how: "badly"; readonly because: string };

export async function howItEnded(client: Client, run: string): Promise<Ended> {
  for (const workflowId of [experimentWorkflowId(run), run]) {
    const handle = client.workflow.getHandle(workflowId);
    const status = await statusOf(handle);
    if (status !== "NOT_FOUND") return endedAs(handle, status);
  }
  // Begun by hand under an id of its own; the newest comes first.
  for await (const found of client.workflow.list({ query: `RatchetRun = '${run}'` })) {
    if (found.parentExecution !== undefined) continue;
    return endedAs(client.workflow.getHandle(found.workflowId, found.runId), found.status.name);
  }
  return { how: "unknown" };
}

async function endedAs(handle: WorkflowHandle, status: string): Promise<Ended> {
  if (status === "COMPLETED") return { how: "well" };
  if (status === "RUNNING" || status === "CONTINUED_AS_NEW") return { how: "not" };
  return { how: "badly", because: await describeEnd(handle, status) };
}

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
