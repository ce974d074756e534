/** The workflows of a run that are open, as Temporal lists them, and what the outermost says of itself. */
import type { Client, WorkflowHandle } from "@temporalio/client";
import { WorkflowNotFoundError } from "@temporalio/client";
import { z } from "zod";
import { RatchetError } from "../core/errors.ts";
import { identifierPattern, identifierRule } from "../core/experiment/identifier.ts";
import { experimentWorkflowId, messages, type WorkflowType } from "../workflows/names.ts";

interface OpenWorkflow {
  readonly workflowId: string;
  readonly type: WorkflowType;
  readonly parent: string | undefined;
}

/**
 * By id. A list lags by a moment, and knows an experiment by its run only once that is prepared: where none is listed,
 * those that bear the run's id are asked for. Throws InvalidInput where the name is none that a run can have.
 */
export async function openWorkflows(client: Client, run: string): Promise<OpenWorkflow[]> {
  requireRunId(run);
  const open: OpenWorkflow[] = [];
  const query = `RatchetRun = '${run}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, type, parentExecution } of client.workflow.list({ query }))
    open.push({ workflowId, type: type as WorkflowType, parent: parentExecution?.workflowId ?? undefined });
  if (open.length === 0)
    for (const workflowId of [experimentWorkflowId(run), run]) {
      const named = await describeOpen(client.workflow.getHandle(workflowId));
      if (named === undefined) continue;
      const parent = named.parentExecution?.workflowId ?? undefined;
      open.push({ workflowId, type: named.type as WorkflowType, parent });
    }
  return open.sort((a, b) => (a.workflowId < b.workflowId ? -1 : 1));
}

/** The name becomes part of a query. */
function requireRunId(run: string): void {
  if (identifierPattern.test(run)) return;
  throw new RatchetError(
    "InvalidInput",
    `RUN ${JSON.stringify(run)} ${identifierRule}; npx ratchet status shows the newest run`,
    { field: "RUN", value: run },
  );
}

/** The run's own workflow: an experiment's is known by its id, any other is the one without a parent. */
export async function outermost(client: Client, run: string): Promise<WorkflowHandle> {
  requireRunId(run);
  const experiment = client.workflow.getHandle(experimentWorkflowId(run));
  if ((await describeOpen(experiment)) !== undefined) return experiment;
  const found = (await openWorkflows(client, run)).find(({ parent }) => parent === undefined);
  if (found !== undefined) return client.workflow.getHandle(found.workflowId);
  throw new RatchetError(
    "InvalidInput",
    `run '${run}' is not under way; see npx ratchet status ${run}, or go on with it: npx ratchet resume ${run}`,
    { field: "RUN", value: run },
  );
}

/** "NOT_FOUND" where Temporal has lost the workflow's history. */
export const statusOf = async (handle: WorkflowHandle): Promise<string> =>
  (await describeKnown(handle))?.status.name ?? "NOT_FOUND";

/** Undefined where it is closed or was never there. */
async function describeOpen(handle: WorkflowHandle) {
  const description = await describeKnown(handle);
  return description?.status.name === "RUNNING" ? description : undefined;
}

async function describeKnown(handle: WorkflowHandle) {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

const childSchema = z.object({ state: z.string(), waitsFor: z.string().nullable() });
const progressSchema = childSchema.extend({ children: z.record(z.string(), childSchema) });
export type RunProgress = z.infer<typeof progressSchema>;

/** A worker that is there answers in milliseconds; without one the question would wait for the connection's own limit. */
const answerMs = 5_000;

/** Undefined where no worker answers. Throws InvalidInput where the answer is encrypted with a key that is not at hand. */
export async function progressOf(client: Client, workflowId: string): Promise<RunProgress | undefined> {
  try {
    return await client.withDeadline(Date.now() + answerMs, async () =>
      progressSchema.parse(await client.workflow.getHandle(workflowId).query(messages.progress)),
    );
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    return undefined;
  }
}
