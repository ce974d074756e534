/** Looks at another workflow without waiting for it: a parent that was reset follows the children it left running. */
import { ApplicationFailure, type Client, WorkflowFailedError } from "@temporalio/client";
import type { CpuPorts } from "../activities/ports.ts";

export function peeker(client: Client): CpuPorts["peekWorkflow"] {
  return async (workflowId) => {
    const handle = client.workflow.getHandle(workflowId);
    const { name: status } = (await handle.describe()).status;
    if (status === "RUNNING") return null;
    // With the parent that it had before, or by an operator: nobody waits for it but who asks now.
    if (status === "TERMINATED" || status === "TIMED_OUT" || status === "CANCELLED") return "cutShort";
    try {
      return { result: await handle.result() };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const root = rootOf(error);
      const type = root instanceof ApplicationFailure && root.type ? root.type : "ChildEnded";
      return { failure: root.message, type };
    }
  };
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
