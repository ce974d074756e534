/**
 * A database that hinders rather than is gone: what it does late is never taken for done, a statement that takes too long
 * ends, an attempt that waits for it is alive, and one that takes no writes is waited for.
 */
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runStep } from "../src/activities/step.ts";
import type { StepLedger } from "../src/core/ports/steps.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { createStepLedger } from "../src/store/steps.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { type CuttingProxy, openCuttingProxy } from "./support/cutting-proxy.ts";

const queryTimeoutMs = 2_000;

let postgres: TestPostgres;
let proxy: CuttingProxy;
let url: string;
let direct: pg.Client;
let database: Database;
let ledger: StepLedger;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.freshDatabase();
  proxy = await openCuttingProxy(Number(new URL(url).port));
  // The tables are made without haste.
  await (await openDatabase(url)).close();
  database = await openDatabase(proxy.urlOf(url), undefined, { queryTimeoutMs });
  ledger = createStepLedger(database, async () => true);
  direct = new pg.Client(url);
  await direct.connect();
});
afterAll(async () => {
  await direct?.end();
  await database?.close();
  await proxy?.close();
  await postgres?.stop();
});

const step = (key: string) => ({ key, kind: "update", run: "run", branch: 0, iteration: 1 });
const storedAs = async (key: string) =>
  (await direct.query("SELECT state FROM steps WHERE key = $1", [key])).rows.map(({ state }) => state);

describe("a transaction whose statement stalls until its caller gave up", () => {
  // begin, insert, commit.
  it.each([0, 1, 2])(
    "leaves no open transaction to the writes after it, at statement %i",
    async (statement) => {
      const key = `stalled-${statement}`;
      proxy.arm({ statement, moment: "stalled" });
      await expect(ledger.claim(step(key))).rejects.toMatchObject({ type: "DatabaseUnavailable" });
      proxy.letGo();
      proxy.arm();
      // Autocommit writes, on whichever connection is at hand.
      for (const later of [`${key}-a`, `${key}-b`]) {
        await database.run((tables) =>
          tables
            .insertInto("steps")
            .values({ ...step(later), fence: 1, state: "claimed" })
            .execute(),
        );
        expect(await storedAs(later)).toEqual(["claimed"]);
      }
      expect(await ledger.claim(step(key))).toMatchObject({ state: "claimed" });
      expect(await storedAs(key)).toEqual(["claimed"]);
    },
  );
});

describe("a statement that takes too long", () => {
  it("is ended by the server before the client gives it up, and may be tried again", async () => {
    const slow = database.run((tables) => sql`SELECT pg_sleep(30)`.execute(tables));
    await expect(slow).rejects.toMatchObject({
      type: "DatabaseUnavailable",
      retryable: true,
      fields: { code: "57014" },
    });
    const { rows } = await direct.query(
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'",
    );
    expect(rows).toEqual([]);
  });

  it("gives back the locks of a transaction whose process says no more", async () => {
    await ledger.claim(step("frozen"));
    const frozen = database.run((tables) =>
      tables.transaction().execute(async (tx) => {
        await tx.updateTable("steps").set({ failures: 1 }).where("key", "=", "frozen").execute();
        await new Promise((resolve) => setTimeout(resolve, 2 * queryTimeoutMs));
        await tx.updateTable("steps").set({ failures: 2 }).where("key", "=", "frozen").execute();
      }),
    );
    frozen.catch(() => undefined);
    expect(await ledger.claim(step("frozen"))).toMatchObject({ state: "claimed" });
    await expect(frozen).rejects.toMatchObject({ type: "DatabaseUnavailable" });
    const { rows } = await direct.query("SELECT failures FROM steps WHERE key = 'frozen'");
    expect(rows).toEqual([{ failures: 0 }]);
  });
});

describe("an attempt at a step", () => {
  it("beats while the ledger answers each statement later than its heartbeat would run out", async () => {
    const delayMs = 3_000;
    const heartbeatTimeoutMs = 2_800; // less than any one statement takes
    const patient = await openDatabase(proxy.urlOf(url));
    const beats = [Date.now()];
    const environment = new MockActivityEnvironment(
      { heartbeatTimeoutMs },
      { logger: new DefaultLogger("ERROR") },
    );
    environment.on("heartbeat", () => beats.push(Date.now()));
    const context = { run: "run", stage: "rl", branch: 0, seed: 7, iteration: 1 };
    const work = async () => ({ result: { done: true } });
    proxy.delay(delayMs);
    const result = await environment.run(() =>
      runStep(
        createStepLedger(patient, async () => true),
        {
          kind: "update",
          version: 1,
          context,
          inputs: [],
          work,
        },
      ),
    );
    proxy.delay(0);
    await patient.close();
    beats.push(Date.now());
    expect(result).toEqual({ done: true });
    const silences = beats.slice(1).map((at, i) => at - beats[i]!);
    expect(Math.max(...silences)).toBeLessThan(heartbeatTimeoutMs);
    // Two transactions of at least three statements each.
    expect(beats.at(-1)! - beats[0]!).toBeGreaterThan(6 * delayMs);
  });
});

describe("a database that takes no writes for a while", () => {
  const readOnly = async (value: "on" | "off") => {
    await direct.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await direct.query("SELECT pg_reload_conf()");
  };

  it("is named and waited for, and the work goes on once it does again", async () => {
    await readOnly("on");
    const attempt = () =>
      ledger.claim(step("read-only")).then(
        () => "claimed",
        (error: unknown) => error,
      );
    // The server takes its configuration over a moment later.
    await expect.poll(attempt, { timeout: 30_000 }).toMatchObject({
      type: "DatabaseUnavailable",
      retryable: true,
      message: expect.stringMatching(
        / is read-only; let it take writes again, or correct DATABASE_URL \(25006\)$/,
      ),
    });
    await readOnly("off");
    await expect.poll(attempt, { timeout: 30_000 }).toBe("claimed");
  });
});

describe("a database whose password was changed", () => {
  it("is refused in a way that parks a run, and does not show the password", async () => {
    const wrong = new URL(url);
    wrong.password = "hunter2";
    const error = await openDatabase(wrong.href).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      type: "DatabaseRefused",
      retryable: false,
      message: expect.stringMatching(/ refuses the password; correct DATABASE_URL$/),
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });
});

describe("a database that a newer build has used too", () => {
  it("is opened by this one, which leaves alone what it does not know", async () => {
    const url = await postgres.freshDatabase();
    await (await openDatabase(url)).close();
    const client = new pg.Client(url);
    await client.connect();
    await client.query("INSERT INTO kysely_migration VALUES ('9999_later', '2031-01-01T00:00:00.000Z')");
    // The clock was put back between two upgrades.
    await client.query(
      "UPDATE kysely_migration SET timestamp = '2020-01-01T00:00:00.000Z' WHERE name LIKE '0008%'",
    );
    await (await openDatabase(url)).close();
    const { rows } = await client.query(
      "SELECT count(*)::int AS count FROM kysely_migration WHERE name = '9999_later'",
    );
    await client.end();
    expect(rows).toEqual([{ count: 1 }]);
  });
});
