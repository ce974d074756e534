/** `ratchet report` as a person runs it, against a real store. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../src/core/json.ts";
import { assembleReport } from "../src/core/report/assemble.ts";
import { exampleSources } from "../src/core/report/example-sources.test-support.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

let postgres: TestPostgres;
let home: string;
let databaseUrl: string;
let store: Store;

beforeAll(async () => {
  postgres = await startPostgres();
  home = mkdtempSync(join(tmpdir(), "ratchet-report-"));
  databaseUrl = await postgres.freshDatabase();
  store = await openStore({ databaseUrl, artifactFolder: join(home, "artifacts") });
});
afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Both services are external here, so that the command needs none of its own; it never asks Temporal. */
const report = (...args: string[]) =>
  spawnSync(process.execPath, ["bin/ratchet.mjs", "report", ...args], {
    encoding: "utf8",
    env: { ...process.env, RATCHET_HOME: home, DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: "127.0.0.1:1" },
  });

const putRun = (run: string, input: JsonObject = {}) =>
  store.runs.putRun({ run, workflowType: "experiment", input, state: "running" });

describe("ratchet report", () => {
  it("says that nothing has run, which run is unknown, and that a report is not there yet", async () => {
    expect(report()).toMatchObject({
      status: 2,
      stderr: "ratchet: no run has been started yet; start one with: npx ratchet start\n",
    });
    expect(report("other")).toMatchObject({
      status: 2,
      stderr: "ratchet: RUN 'other' is unknown; start one with: npx ratchet start\n",
    });
    await putRun("example");
    await store.runs.putStage({
      run: "example",
      stage: "rl",
      type: "train",
      inputHash: "",
      state: "running",
    });
    const none = (reached: string, next: string) => ({
      status: 2,
      stderr: `ratchet: run 'example' has no report yet (${reached}); ${next}\n`,
    });
    expect(report("example")).toMatchObject(
      none("rl running", "it has no report stage; start an experiment that has one"),
    );
    await store.runs.putStage({
      ...{ run: "example", stage: "end", type: "report", inputHash: "", state: "waiting" },
    });
    expect(report("example")).toMatchObject(none("rl running, end waiting", "wait for its report stage"));
    const run = (await store.runs.getRun("example"))!;
    await store.runs.putRun({ ...run, state: "failed" });
    expect(report("example")).toMatchObject(
      none("rl running, end waiting", "it is failed; continue it with: npx ratchet resume example"),
    );
    await store.runs.putRun({ ...run, state: "running" });
  });

  it("writes the newest run's page and prints its path", async () => {
    const stored = await store.artifacts.putJson("report", assembleReport(exampleSources));
    await store.runs.putStage({
      run: "example",
      stage: "report",
      type: "report",
      inputHash: "h",
      state: "done",
      result: { report: { ...stored } } as Json,
    });
    const path = join(home, "reports", "example.html");
    expect(report()).toMatchObject({ status: 0, stdout: `${path}\n`, stderr: "" });
    expect(readFileSync(path, "utf8")).toMatch(/^<!doctype html>/);
    const elsewhere = join(home, "elsewhere.html");
    expect(report("example", "--out", elsewhere).stdout).toBe(`${elsewhere}\n`);
    expect(readFileSync(elsewhere, "utf8")).toBe(readFileSync(path, "utf8"));
  });

  it("has a page for each report stage", async () => {
    await putRun("two");
    for (const stage of ["main", "other"]) {
      const example = assembleReport(exampleSources);
      const stored = await store.artifacts.putJson("report", { ...example, run: "two", policy: stage });
      await store.runs.putStage({
        ...{ run: "two", stage, type: "report", inputHash: "h", state: "done" },
        result: { report: { ...stored } } as Json,
      });
    }
    expect(report("two").stdout).toBe(`${join(home, "reports", "two.html")}\n`);
    const path = join(home, "reports", "two.other.html");
    expect(report("two", "--stage", "other").stdout).toBe(`${path}\n`);
    expect(readFileSync(path, "utf8")).toContain("<dd>other</dd>");
    expect(report("two", "--stage", "third")).toMatchObject({
      status: 2,
      stderr:
        "ratchet: --stage 'third' names no report of run 'two' that is done; choose one of main, other\n",
    });
  });

  it("needs none but the one that is asked for", async () => {
    const lost = { kind: "report", hash: "0".repeat(64), bytes: 1 };
    await store.runs.putStage({
      ...{ run: "two", stage: "main", type: "report", inputHash: "h", state: "done" },
      result: { report: lost },
    });
    expect(report("two", "--stage", "other")).toMatchObject({ status: 0, stderr: "" });
    expect(report("two").stderr).toMatch(/^ratchet: report 0+ is not in the artifact store/);
  });

  it("has none for a run that goes on with another input, until its report stage is done with that", async () => {
    await putRun("restarted", { learningRate: 1 });
    const stored = await store.artifacts.putJson("report", assembleReport(exampleSources));
    const stage = { run: "restarted", stage: "report", type: "report", inputHash: "h" };
    await store.runs.putStage({ ...stage, state: "done", result: { report: { ...stored } } as Json });
    expect(report("restarted").status).toBe(0);
    await putRun("restarted", { learningRate: 2 });
    await store.runs.putStage({ ...stage, inputHash: "", state: "waiting" });
    expect(report("restarted")).toMatchObject({
      status: 2,
      stderr: "ratchet: run 'restarted' has no report yet (report waiting); wait for its report stage\n",
    });
  });

  it("says why it cannot write", () => {
    const { status, stderr } = report("example", "--out", "/dev/null/report.html");
    expect([status, stderr]).toEqual([
      2,
      "ratchet: cannot write the report to /dev/null/report.html (EEXIST); name another file with --out\n",
    ]);
  });
});
