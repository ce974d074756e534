import type { Client } from "@temporalio/client";
import { WorkflowNotFoundError } from "@temporalio/client";
import { describe, expect, it } from "vitest";
import { howItEnded } from "./how-it-ended.ts";
import type { RunFacts } from "./read-run.ts";
import { weigh } from "./see-run.ts";

const running = {
  run: "tiny",
  state: "running",
  stages: [{ stage: "rl", type: "train", state: "running" }],
} as unknown as RunFacts;
const done = {
  ...running,
  state: "done",
  stages: [{ stage: "rl", type: "train", state: "done" }],
} as RunFacts;
const never = async () => {
  throw new Error("read again");
};

describe("a run that the store has as under way, and that Temporal has as closed", () => {
  it("is done where it came to its end in between", async () => {
    expect(await weigh("tiny", running, { how: "well" }, async () => done)).toEqual({
      facts: done,
      isOpen: false,
      waits: null,
      outages: [],
    });
  });

  it("has failed where it was ended, or where Temporal knows nothing of it", async () => {
    const ended = await weigh(
      "tiny",
      running,
      { how: "badly", because: "the workflow was ended: terminated" },
      never,
    );
    expect(ended.waits).toBe("the workflow was ended: terminated; go on with: npx ratchet resume tiny");
    expect(ended.facts).toMatchObject({ state: "failed", stages: [{ state: "failed" }] });
    expect((await weigh("tiny", running, { how: "unknown" }, never)).waits).toBe(
      "no workflow of it is open; go on with: npx ratchet resume tiny",
    );
  });

  it("is under way where it was begun again in between", async () => {
    expect(await weigh("tiny", running, { how: "not" }, never)).toEqual({
      facts: running,
      isOpen: true,
      waits: null,
      outages: [],
    });
  });

  it("has failed where the store has it so after all", async () => {
    const still = await weigh("tiny", running, { how: "well" }, async () => running);
    expect(still.facts).toMatchObject({ state: "failed" });
    expect(still.waits).toBe("no workflow of it is open; go on with: npx ratchet resume tiny");
  });
});

describe("how a run's workflow ended", () => {
  const client = (statuses: Readonly<Record<string, string>>) =>
    ({
      workflow: {
        getHandle: (workflowId: string) => ({
          describe: async () => {
            const name = statuses[workflowId];
            if (name === undefined) throw new WorkflowNotFoundError("none", workflowId, undefined);
            return { status: { name } };
          },
        }),
        list: async function* () {},
      },
    }) as unknown as Client;

  it.each([
    [{}, { how: "unknown" }],
    [{ tiny: "COMPLETED" }, { how: "well" }],
    [{ tiny: "RUNNING" }, { how: "not" }],
    [{ tiny: "TERMINATED" }, { how: "badly", because: "the workflow was ended: terminated" }],
  ])("of %j is %j", async (statuses, ended) => {
    expect(await howItEnded(client(statuses), "tiny")).toEqual(ended);
  });
});
