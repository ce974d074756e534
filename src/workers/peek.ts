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
import { canonicalJson } from "../core/json.ts";
import { begunWith } from "../services/begun-with.ts";

export function peeker(client: Client): CpuPorts["peekWorkflow"] {
  return async (workflowId, input) => {
    const handle = client.workflow.getHandle(workflowId);
    try {
      const { status: described, runId } = await handle.describe();
      const status = described.name;
      if (input !== undefined && !isSame(await begunWith(client, { workflowId, runId }), input)) {
        if (status === "RUNNING") await client.workflow.getHandle(workflowId, runId).terminate(doesOther);
        return "cutShort";
      }
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

const doesOther = "its parent was reset, and now asks for this work with another input";

const isSame = (one: unknown, other: unknown) => canonicalJson(one) === canonicalJson(other);

/** Whatever else went wrong, the server was asked and gave no answer: that says nothing of the workflow. */
function unanswered(error: unknown, workflowId: string): unknown {
  const answer = error instanceof ServiceError ? error.cause : error;
  if (!(error instanceof ServiceError || isGrpcServiceError(answer))) return error;
  const details = isGrpcServiceError(answer) ? answer.details : (error as Error).message;
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
