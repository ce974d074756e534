/** Looks at another workflow without waiting for it: a parent that was reset follows the children it left running. */
import {
  ApplicationFailure,
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
} from "@temporalio/client";
import type { CpuPorts } from "../activities/ports.ts";
import { RatchetError } from "../core/errors.ts";

export function peeker(client: Client): CpuPorts["peekWorkflow"] {
  return async (workflowId) => {
    const handle = client.workflow.getHandle(workflowId);
    try {
      const { name: status } = (await handle.describe()).status;
      if (status === "RUNNING") return null;
      // With the parent that it had before, or by an operator: nobody waits for it but who asks now.
      if (status === "TERMINATED" || status === "TIMED_OUT" || status === "CANCELLED") return "cutShort";
      return { result: await handle.result() };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw unanswered(error, workflowId);
      const root = rootOf(error);
      const known = root instanceof ApplicationFailure ? root : undefined;
      return {
        failure: root.message,
        type: known?.type || "ChildEnded",
        details: known?.details ?? [],
      };
    }
  };
}

/** Whatever else went wrong, the server was asked and gave no answer: that says nothing of the workflow. */
function unanswered(error: unknown, workflowId: string): unknown {
  if (!(error instanceof ServiceError)) return error;
  const details = isGrpcServiceError(error.cause) ? error.cause.details : error.message;
  return new RatchetError(
    "TemporalUnavailable",
    `Temporal does not say how workflow '${workflowId}' is (${details}); it is asked again until it does, see npx ratchet status`,
    { workflowId },
    error,
  );
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
