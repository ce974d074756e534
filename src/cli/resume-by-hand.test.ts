import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { expect, it } from "vitest";
import { wake } from "./resume-by-hand.ts";

it("a run is woken whole although one of its workflows ended since they were listed", async () => {
  const signalled: string[] = [];
  const open = ["tiny.rl.i1.s0", "tiny.rl.i1.s1", "tiny"];
  const client = {
    workflow: {
      async *list() {
        for (const workflowId of open)
          yield { workflowId, ...(workflowId !== "tiny" && { parentExecution: { workflowId: "tiny" } }) };
      },
      getHandle: (workflowId: string) => ({
        signal: async (name: string) => {
          if (workflowId === "tiny.rl.i1.s0") throw new WorkflowNotFoundError("completed", workflowId, "");
          signalled.push(`${workflowId} ${name}`);
        },
      }),
    },
  } as unknown as Client;
  expect(await wake(client, "tiny")).toEqual(["tiny"]);
  expect(signalled.sort()).toEqual(["tiny resume", "tiny.rl.i1.s1 resume"]);
});
