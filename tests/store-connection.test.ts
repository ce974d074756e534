/**
 * The connection to Postgres is lost at every statement of what a step, a stage and a run write: the caller hears that the database is unavailable,
 * the tables hold the old state or the new, and doing it again ends in the new one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runStep } from "../src/activities/step.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { type CuttingProxy, moments, openCuttingProxy } from "./support/cutting-proxy.ts";

let postgres: TestPostgres;
let proxy: CuttingProxy;
let direct: pg.Client;
let folder: string;
let store: Store;

beforeAll(async () => {
  postgres = await startPostgres();
  const databaseUrl = await postgres.freshDatabase();
  proxy = await openCuttingProxy(Number(new URL(databaseUrl).port));
  folder = mkdtempSync(join(tmpdir(), "ratchet-connection-"));
  store = await openStore({ databaseUrl: proxy.urlOf(databaseUrl), artifactFolder: folder });
  direct = new pg.Client(databaseUrl);
  await direct.connect();
  await direct.query("SET synchronous_commit = off");
});
afterAll(async () => {
  await direct?.end();
  await store?.close();
  await proxy?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => reset());

/** Empty tables, and a connection that holds. */
async function reset(): Promise<void> {
  proxy.arm();
  const tables = [
    "steps",
    "lineage",
    "stages",
    "runs",
    "artifacts",
    "leases",
    "numerics",
    "numerics_changes",
  ];
  await direct.query(tables.map((table) => `DELETE FROM ${table}`).join("; "));
}

/** What must be as it was or as it shall be: everything but fences, positions and times, which an attempt may draw anew. */
async function state(): Promise<string> {
  const tables = {
    steps: "SELECT key, kind, run, branch, iteration, state, result, failures FROM steps ORDER BY key",
    lineage: "SELECT * FROM lineage ORDER BY run, stage, branch, iteration",
    stages: "SELECT run, stage, type, input_hash, state, result, progress FROM stages ORDER BY run, stage",
    runs: "SELECT run, workflow_type, input, state, branch FROM runs ORDER BY run",
    artifacts: "SELECT hash, kind, bytes FROM artifacts ORDER BY hash",
    leases: "SELECT hash FROM leases ORDER BY hash",
    numerics: "SELECT * FROM numerics ORDER BY run",
    changes: "SELECT run, change FROM numerics_changes ORDER BY run, position",
  };
  const rows: Record<string, unknown> = {};
  for (const [table, query] of Object.entries(tables)) rows[table] = (await direct.query(query)).rows;
  return JSON.stringify(rows);
}

const key = "a-step";
const step = { key, kind: "update", run: "run", branch: 0, iteration: 1 };
const checkpoint = { kind: "checkpoint", hash: "c".repeat(64), bytes: 10 };
const lineage = {
  run: "run",
  stage: "rl",
  branch: 0,
  iteration: 1,
  stepKey: key,
  parent: "p".repeat(64),
  checkpoint,
  weightsSha256: "w",
  optimizerSha256: "o",
  metrics: { loss: 0.25 },
};
const stage = { run: "run", stage: "rl", type: "train", inputHash: "i", state: "running" } as const;
const progress = { run: "run", stage: "rl", progress: { done: 1 } };

/** `prepare` is done with the connection whole; `write` is what loses it. */
interface Write {
  readonly prepare?: () => Promise<unknown>;
  readonly write: (prepared: unknown) => Promise<unknown>;
}

const claimFence = async () => {
  const claim = await store.ledger.claim(step);
  return claim.state === "claimed" ? claim.fence : expect.fail("it is committed already");
};
const update = async () => {
  await store.runs.putStage(stage);
  return claimFence();
};

const writes: Readonly<Record<string, Write>> = {
  "claiming a step": { write: () => store.ledger.claim(step) },
  "committing an update with its lineage and progress": {
    prepare: update,
    write: (fence) => store.ledger.commit(key, fence as number, { checkpoint }, { lineage, progress }),
  },
  "committing a step alone": {
    prepare: claimFence,
    write: (fence) => store.ledger.commit(key, fence as number, { rows: 3 }),
  },
  "recording a run": {
    write: () => store.runs.putRun({ run: "run", workflowType: "experiment", input: {}, state: "running" }),
  },
  "recording a stage": { write: () => store.runs.putStage({ ...stage, result: { done: true } }) },
  "holding numerics": { write: () => store.runs.holdNumerics("run", { threads: 2 }) },
  "holding other numerics, as was asked": {
    prepare: async () => {
      await store.runs.holdNumerics("run", { threads: 2 });
      await store.runs.askNumericsChange("run", { threads: 2 });
    },
    write: () => store.runs.holdNumerics("run", { threads: 4 }),
  },
  "storing a checkpoint under its lease": {
    write: async () => {
      const staging = await store.artifacts.stagingFolder();
      await writeFile(join(staging, "weights.bin"), "weights");
      return store.artifacts.adoptFolder("checkpoint", staging, {});
    },
  },
};

/** Statements of the write, and the state before and after it, where nothing is lost. */
async function undisturbed({ prepare, write }: Write) {
  const prepared = await prepare?.();
  const before = await state();
  proxy.arm();
  const result = await write(prepared);
  return { before, after: await state(), statements: proxy.statements(), result };
}

describe.each(Object.entries(writes))("%s", (_, write) => {
  it("happens or does not, at whichever statement the connection is lost, and happens when it is tried again", async () => {
    const { before, after, statements, result } = await undisturbed(write);
    expect(statements).toBeGreaterThan(0);
    const seen = new Set<string>();
    for (let statement = 0; statement < statements; statement++)
      for (const moment of moments) {
        await reset();
        const prepared = await write.prepare?.();
        proxy.arm({ statement, moment });
        await expect(write.write(prepared)).rejects.toMatchObject({ type: "DatabaseUnavailable" });
        await proxy.noticed();
        const left = await state();
        expect([before, after]).toContain(left);
        seen.add(left);
        proxy.arm();
        expect(withoutFence(await write.write(prepared))).toEqual(withoutFence(result));
        expect(await state()).toBe(after);
      }
    // Some cuts came before the commit and some after it.
    expect(seen.size).toBe(2);
  });
});

/** A claim that is repeated draws another fence. */
const withoutFence = (result: unknown) => ({ ...(result as object), fence: undefined });

describe("an activity whose connection is lost", () => {
  let works: number;
  const attempt = ({ ledger } = store) =>
    new MockActivityEnvironment(undefined, { logger: new DefaultLogger("ERROR") }).run(() =>
      runStep(ledger, {
        kind: "update",
        version: 1,
        context: {
          run: "run",
          stage: "rl",
          branch: 0,
          seed: 7,
          iteration: 1,
          progress: { done: 1, total: 3, unit: "iterations" },
        },
        inputs: ["a", "b"],
        work: async (stepKey) => {
          works += 1;
          return { result: { attempt: works }, alongside: { lineage: { ...lineage, stepKey } } };
        },
      }),
    );
  const committed = async () =>
    (await direct.query("SELECT result FROM steps WHERE state = 'committed'")).rows.map(
      ({ result }) => result,
    );

  it("keeps what it has computed where its store waits for a Postgres that is gone for a moment", async () => {
    const databaseUrl = proxy.urlOf(`postgres://${direct.user}:${direct.password}@x/${direct.database}`);
    const waiting = await openStore({ databaseUrl, artifactFolder: folder, outageMs: 20_000 });
    try {
      works = 0;
      proxy.arm();
      await attempt(waiting);
      const statements = proxy.statements();
      for (let statement = 0; statement < statements; statement++) {
        await reset();
        works = 0;
        proxy.arm({ statement, moment: "sent" });
        expect(await attempt(waiting)).toMatchObject({ attempt: 1 });
        expect(await committed()).toMatchObject([{ attempt: 1 }]);
        expect(await store.runs.lineageOf("run", "rl", 0)).toHaveLength(1);
      }
    } finally {
      proxy.arm();
      await waiting.close();
    }
  });

  it("ends with one result when it is tried again: what was committed is not done twice", async () => {
    works = 0;
    await store.runs.putStage(stage);
    proxy.arm();
    await attempt();
    const statements = proxy.statements();
    const worksAfterBoth = new Set<number>();
    for (let statement = 0; statement < statements; statement++)
      for (const moment of moments) {
        await reset();
        works = 0;
        await store.runs.putStage(stage);
        proxy.arm({ statement, moment });
        await expect(attempt()).rejects.toMatchObject({ type: "DatabaseUnavailable", nonRetryable: false });
        await proxy.noticed();
        const already = await committed();
        const doneBefore = works;
        proxy.arm();
        const result = await attempt();
        expect(await committed()).toEqual([result]);
        if (already.length > 0) {
          expect(already).toEqual([result]);
          expect(works).toBe(doneBefore);
        }
        expect(await store.runs.lineageOf("run", "rl", 0)).toHaveLength(1);
        expect((await store.runs.getStages("run"))[0]!.progress).toMatchObject({ done: 1 });
        worksAfterBoth.add(works);
      }
    expect([...worksAfterBoth].sort()).toEqual([1, 2]);
  });
});
