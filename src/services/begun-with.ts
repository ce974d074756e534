/** The input that a workflow was begun with: the server has it, also of one that runs and says nothing of itself. */
import type { Client } from "@temporalio/client";
import { decodeArrayFromPayloads } from "@temporalio/common/lib/internal-non-workflow/index.js";

/** The first argument; null where there is none. Of a workflow that was continued, every execution has the same. */
export async function begunWith(
  client: Client,
  execution: { readonly workflowId: string; readonly runId?: string },
): Promise<unknown> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution,
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const [input = null] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return input;
}
