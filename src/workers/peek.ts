/** Looks at another workflow without waiting for it: a parent that was reset follows the children it left running. */
import { ApplicationFailure, type Client, WorkflowFailedError } from "@temporalio/client";
import type { CpuPorts } from "../activities/ports.ts";

export function peeker(client: Client): CpuPorts["peekWorkflow"] {
  return async (workflowId) => {
    const handle = client.workflow.getHandle(workflowId);
    if ((await handle.describe()).status.name === "RUNNING") return null;
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
