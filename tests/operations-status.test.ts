/** `ratchet status` says in one line why a run does not go on. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { readRecord } from "../src/services/record.ts";
import { ratchet } from "./experiment-run.ts";
import { type Operated, operate, trainingOnly, until } from "./operations-run.ts";
import { runCli } from "./support/run-cli.ts";

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

describe("a home beside the Postgres, Temporal and workers of somebody else", () => {
  const elsewhere = (args: readonly string[], variables: Record<string, string> = {}) => {
    const config = readConfig({ ...process.env, RATCHET_HOME: operated.home });
    const { databaseUrl, temporalConnection } = endpointsOf(config, readRecord(operated.home))!;
    return runCli(args, {
      RATCHET_HOME: join(operated.home, "elsewhere"),
      RATCHET_ARTIFACTS: config.artifactFolder,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalConnection.address!,
      ...variables,
    });
  };

  it("shows their run, and why it does not go on", async () => {
    const { code, stdout } = await elsewhere(["status", "stuck"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^run stuck: running\n {2}pausing: waits for iteration 1 of stuck\.cold-start since /,
    );
    expect(stdout).toContain("\n  none of this home; whoever runs the services runs the workers\n");
  });

  it("goes on with their runs by their workers, and starts none: not even where they have none", async () => {
    const { code, stderr } = await elsewhere(["resume", "none-such"]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "ratchet: RUN 'none-such' is unknown; the newest run is 'stuck'\n",
    });
    operated.command("temporal", "operator", "namespace", "create", "--namespace", "idle");
    const resumed = () => elsewhere(["resume", "stuck"], { TEMPORAL_NAMESPACE: "idle" });
    // The server knows a new namespace a moment later.
    await until(async () => !(await resumed()).stderr.includes("does not tell who polls"));
    const idle = await resumed();
    expect(idle.code).toBe(3);
    expect(idle.stderr).toMatch(
      /^ratchet: no worker polls ratchet at \S+, namespace idle, and this command starts none/,
    );
    expect(existsSync(join(operated.home, "elsewhere", "processes.json"))).toBe(false);
  });
});

describe("a home with a Postgres of its own beside the Temporal and workers of somebody else", () => {
  it("starts nothing there: the workers would take each other's work", async () => {
    const config = readConfig({ ...process.env, RATCHET_HOME: operated.home });
    const { address } = endpointsOf(config, readRecord(operated.home))!.temporalConnection;
    const home = join(operated.home, "own");
    const { code, stderr } = await runCli(["up"], { RATCHET_HOME: home, TEMPORAL_ADDRESS: address! });
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toMatch(
      /^ratchet: Temporal at \S+, namespace 'default', has a worker of another database, ratchet-workflow-\d+@\S+, which would take this home's work; set DATABASE_URL and RATCHET_ARTIFACTS to those of that worker/,
    );
    expect(existsSync(home)).toBe(false);
  });
});

describe("the status of a run whose workflow cannot go on with this build", () => {
  it("names the attempts of its task, and why they fail", async () => {
    const run = { run: "odd", workflowType: "trainPolicy", input: {}, state: "running" } as const;
    await operated.store.runs.putRun(run);
    await operated.client.workflow.start("noSuchWorkflow", { workflowId: "odd", taskQueue: "ratchet" });
    const waits = () =>
      (JSON.parse(operated.command("status", "odd", "--json")) as { waits: string | null }).waits;
    await until(async () => waits() !== null);
    expect(waits()).toMatch(
      /^waits for orchestration of odd since \d+ s: attempt \d+, as the one before failed: .*noSuchWorkflow/,
    );
    await operated.client.workflow.getHandle("odd").terminate("by the test");
    await operated.store.runs.putRun({ ...run, state: "failed" });
  });
});

describe("the status of a run that the store has not heard of", () => {
  it("is running, as Temporal knows its workflow, and says what it waits for", async () => {
    // What this queue's name stands for nobody serves, so that its first task waits.
    const options = { workflowId: "experiment-unheard", taskQueue: "nobody", args: [{}] };
    await operated.client.workflow.start("experiment", options as never);
    const { run, state } = JSON.parse(operated.command("status", "unheard", "--json"));
    expect({ run, state }).toEqual({ run: "unheard", state: "running" });
    await operated.client.workflow.getHandle("experiment-unheard").terminate("by the test");
    expect(ratchet(operated.home, "status", "unheard").stderr).toContain("RUN 'unheard' is unknown");
  });
});

describe("a run that was terminated", () => {
  it("has failed, says the status, and what goes on with it", async () => {
    await operated.client.workflow.getHandle("experiment-stuck").terminate("by the test");
    const state = () => JSON.parse(operated.command("status", "stuck", "--json")).state as string;
    await until(async () => state() === "failed");
    expect(waits()).toBe("the workflow was ended: terminated; go on with: npx ratchet resume stuck");
  });
});

describe("a run that failed", () => {
  it("is told with what it failed for", async () => {
    const input = { ...trainingOnly("wrong", 1), policy: "no-such-policy" };
    await operated.begin(input);
    await until(async () => (await operated.store.runs.getRun("wrong"))?.state === "failed");
    const { state, waits } = JSON.parse(operated.command("status", "wrong", "--json"));
    expect(state).toBe("failed");
    expect(waits).toMatch(/^the workflow failed: .*no-such-policy.*; go on with: npx ratchet resume wrong$/);
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
