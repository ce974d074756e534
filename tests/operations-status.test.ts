/** `ratchet status` says in one line why a run does not go on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ratchet } from "./experiment-run.ts";
import { type Operated, operate, trainingOnly, until } from "./operations-run.ts";

let operated: Operated;
beforeAll(async () => {
  operated = await operate({ device: false });
});
afterAll(() => operated.close());

const waits = () =>
  (JSON.parse(operated.command("status", "stuck", "--json")) as { waits: string | null }).waits;

describe("the status of a run that no device worker serves", () => {
  it("names the update it waits for and the queue that nobody polls", async () => {
    await operated.begin(trainingOnly("stuck", 1));
    await until(async () =>
      (await operated.store.runs.getStages("stuck")).some(
        ({ stage, state }) => stage === "cold-start" && state === "running",
      ),
    );
    await until(async () => waits()?.includes("ratchet-train") ?? false);
    expect(waits()).toMatch(
      /^waits for iteration 1 of stuck\.cold-start since \d+ s: no worker polls ratchet-train$/,
    );
    expect(operated.command("status", "stuck")).toContain(`\n  waits for iteration 1 of stuck.cold-start`);
  });

  it("does not call it paused while its update is still to be done", async () => {
    await operated.client.workflow.getHandle("experiment-stuck").signal("pause");
    expect(waits()).toMatch(/no worker polls ratchet-train$/);
  });
});

describe("a run that was terminated", () => {
  it("has failed, says the status, and what goes on with it", async () => {
    await operated.client.workflow.getHandle("experiment-stuck").terminate("by the test");
    const state = () => JSON.parse(operated.command("status", "stuck", "--json")).state as string;
    await until(async () => state() === "failed");
    expect(waits()).toBe("no workflow of it is open; go on with: npx ratchet resume stuck");
  });
});

describe("collecting garbage by hand", () => {
  it("says why each checkpoint stays, and removes none that is needed", () => {
    const report = JSON.parse(operated.command("gc", "--json")) as {
      removed: unknown[];
      kept: { origin: string | null; because: string }[];
    };
    expect(report.removed).toEqual([]);
    expect(report.kept.map(({ origin, because }) => [origin, because])).toEqual([
      [null, "a policy to start from, which no update could make again"],
    ]);
    expect(operated.command("gc", "--dry-run")).toMatch(
      /^would remove 0 checkpoints, 0\.0 MB\nwould keep 1 checkpoints, /,
    );
  });

  it("refuses a budget that is no number", () => {
    const { status, stderr } = ratchet(operated.home, "gc", "--budget", "five");
    expect(status).toBe(2);
    expect(stderr).toBe('ratchet: --budget "five" is no number of bytes; give 0 or more, for example 5e9\n');
  });
});
