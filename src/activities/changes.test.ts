import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import type { ChangeRecord, StoredTrip } from "../core/ports/runs.ts";
import { createChangeActivities } from "./changes.ts";
import type { CpuPorts } from "./ports.ts";

const asked: ChangeRecord = { run: "run", stage: "rl", id: "u", iteration: 2, changes: [] };
const trips = [
  { id: "t1", stage: "rl" },
  { id: "t2", stage: "cold-start" },
] as StoredTrip[];

const record = (kept: ChangeRecord) => {
  const runs = { putChange: async () => kept, tripsOf: async () => trips } as unknown as CpuPorts["runs"];
  const { recordChange } = createChangeActivities({ runs } as unknown as CpuPorts);
  return new MockActivityEnvironment().run(recordChange, asked);
};

describe("recording a change", () => {
  it("gives what is kept, and that alone where it is asked for the first time", async () => {
    expect(await record(asked)).toEqual(asked);
  });

  it("tells a workflow that was reset which trips of its stage the change came after", async () => {
    const kept = { ...asked, iteration: 1, afterTrip: "t1" };
    expect(await record(kept)).toEqual({ ...kept, trips: [trips[0]] });
  });
});
