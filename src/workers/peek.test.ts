import { type Client, ServiceError, WorkflowFailedError, WorkflowNotFoundError } from "@temporalio/client";
import { ApplicationFailure, defaultPayloadConverter, RetryState } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { peeker } from "./peek.ts";

/** A server that answers so. */
const peek = (describe: () => Promise<unknown>, result = () => Promise.resolve<unknown>(7)) =>
  peeker({ workflow: { getHandle: () => ({ describe, result }) } } as unknown as Client)("tiny.rl");
const status = (name: string) => () => Promise.resolve({ status: { name } });
const refusal = () => {
  const grpc = Object.assign(new Error("14 UNAVAILABLE: No connection established"), {
    code: 14,
    details: "No connection established",
    metadata: {},
  });
  return Promise.reject(new ServiceError("Failed to describe workflow", { cause: grpc }));
};

describe("a look at another workflow", () => {
  it("tells what it came to, that it runs, or that it was cut short", async () => {
    expect(await peek(status("RUNNING"))).toBeNull();
    expect(await peek(status("TERMINATED"))).toBe("cutShort");
    expect(await peek(status("COMPLETED"))).toEqual({ result: 7 });
    const failed = () =>
      Promise.reject(
        new WorkflowFailedError(
          "failed",
          ApplicationFailure.nonRetryable("it is gone", "ArtifactMissing", { kind: "shard", hash: "5" }),
          RetryState.NON_RETRYABLE_FAILURE,
        ),
      );
    expect(await peek(status("FAILED"), failed)).toEqual({
      failure: "it is gone",
      type: "ArtifactMissing",
      details: [{ kind: "shard", hash: "5" }],
    });
  });

  it("ends one that was begun with another input, and does not take what it came to", async () => {
    const looked = async (name: string, begunWith: object, input: object) => {
      const ended: unknown[] = [];
      const terminate = async () => ended.push("terminated");
      const describe = async () => ({ status: { name }, runId: "r" });
      const result = async () => 7;
      const payloads = [defaultPayloadConverter.toPayload(begunWith)];
      const history = { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads } } }] };
      const client = {
        options: {
          namespace: "default",
          loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
        },
        workflow: { getHandle: () => ({ describe, result, terminate }) },
        workflowService: { getWorkflowExecutionHistory: async () => ({ history }) },
      };
      return [await peeker(client as unknown as Client)("tiny.rl.i6.s0", input), ...ended];
    };
    const [one, same] = [
      { policy: "c5", turns: 3 },
      { turns: 3, policy: "c5" },
    ];
    expect(await looked("RUNNING", one, same)).toEqual([null]);
    expect(await looked("COMPLETED", one, same)).toEqual([{ result: 7 }]);
    const other = { policy: "c5'", turns: 3 };
    expect(await looked("RUNNING", one, other)).toEqual(["cutShort", "terminated"]);
    expect(await looked("COMPLETED", one, other)).toEqual(["cutShort"]);
  });

  it("says in a sentence that Temporal did not answer, which is tried again", async () => {
    const sentence = {
      type: "TemporalUnavailable",
      retryable: true,
      message:
        "Temporal does not say how workflow 'tiny.rl' is (No connection established); it is asked again until it does, see npx ratchet status",
    };
    await expect(peek(refusal)).rejects.toMatchObject(sentence);
    await expect(peek(status("COMPLETED"), refusal)).rejects.toMatchObject(sentence);
  });

  it("of one that is not there is no matter of the server's", async () => {
    const gone = new WorkflowNotFoundError("workflow not found", "tiny.rl", "");
    await expect(peek(() => Promise.reject(gone))).rejects.toBe(gone);
  });
});
