/** The embedded services for real: started, killed, started again, ended. Stub workers stand in for ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { type Endpoints, runningEndpoints } from "../src/services/endpoints.ts";
import { launcher } from "../src/services/launcher.ts";
import { supervisorOf } from "../src/services/lock.ts";
import { preflight } from "../src/services/preflight.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { identify, isAlive, listProcesses } from "../src/services/processes.ts";
import { readRecord } from "../src/services/record.ts";
import type { Role } from "../src/services/roles.ts";
import { searchAttributes } from "../src/workflows/names.ts";
import { ended, query, supervise, until, withTemporal } from "./services-run.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-services-"));
// As root, Postgres runs as another user, which must be able to enter.
chmodSync(folder, 0o755);
const home = join(folder, "home");
const config = readConfig({ ...process.env, RATCHET_HOME: home });
const supervised: Role[] = ["postgres", "temporal", "workflow-worker", "cpu-worker", "gpu-worker"];

const pidOf = (role: Role) => runningProcesses(home).find((entry) => entry.role === role)?.pid;
const replaced = (role: Role, killed: number) =>
  until(`a new ${role}`, () => {
    const pid = pidOf(role);
    return pid !== undefined && pid !== killed;
  });
const storedRows = (endpoints: Endpoints) => query(endpoints, "SELECT note FROM notes ORDER BY note");
const workflowState = (endpoints: Endpoints) =>
  withTemporal(endpoints, async (client) => (await client.workflow.getHandle("kept").describe()).status.name);

let supervisor: ChildProcess;
let endpoints: Endpoints;

beforeAll(async () => {
  supervisor = await supervise(home);
  endpoints = runningEndpoints(config);
  await query(endpoints, "CREATE TABLE notes (note text); INSERT INTO notes VALUES ('kept')");
  // No worker polls this queue: the workflow stays open.
  await withTemporal(endpoints, (client) =>
    client.workflow.start("experiment", { workflowId: "kept", taskQueue: "nobody" }),
  );
});

afterAll(async () => {
  supervisor.kill("SIGTERM");
  await ended(supervisor);
  rmSync(folder, { recursive: true, force: true });
});

describe("a started home", () => {
  it("runs each role once, under one supervisor", () => {
    const roles = runningProcesses(home).map(({ role }) => role);
    expect([...roles].sort()).toEqual([...supervised, "supervisor"].sort());
    expect(pidOf("supervisor")).toBe(supervisor.pid);
  });

  it("keeps the database's password from other users", () => {
    expect(modeOf(join(home, "services.json"))).toBe("600");
  });

  it("listens on this machine only", async () => {
    expect(new URL(endpoints.databaseUrl).hostname).toBe("127.0.0.1");
    expect(await query(endpoints, "SHOW listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
    expect(await query(endpoints, "SHOW unix_socket_directories")).toEqual([{ unix_socket_directories: "" }]);
  });

  it("keeps Postgres durable", async () => {
    for (const setting of ["fsync", "synchronous_commit", "full_page_writes"])
      expect(await query(endpoints, `SHOW ${setting}`)).toEqual([{ [setting]: "on" }]);
  });

  it("gives the namespace our search attributes and 30 days of retention", async () => {
    const { customAttributes, retentionSeconds } = await withTemporal(endpoints, async ({ connection }) => {
      const namespace = endpoints.temporalNamespace;
      const attributes = await connection.operatorService.listSearchAttributes({ namespace });
      const described = await connection.workflowService.describeNamespace({ namespace });
      const retention = described.config?.workflowExecutionRetentionTtl?.seconds;
      return { customAttributes: attributes.customAttributes, retentionSeconds: Number(retention) };
    });
    for (const { name } of Object.values(searchAttributes))
      expect(Object.keys(customAttributes)).toContain(name);
    expect(retentionSeconds).toBe(2_592_000);
  });

  it("has no second supervisor", async () => {
    await expect(supervise(home)).rejects.toThrow(
      `${home} is supervised by process ${supervisor.pid} already; use it, or end it with: npx ratchet down`,
    );
  });
});

describe("a killed process", () => {
  it.each(supervised)("%s is started again on the same ports, with its data", async (role) => {
    const killed = pidOf(role)!;
    process.kill(killed, "SIGKILL");
    await replaced(role, killed);
    expect(runningEndpoints(config)).toEqual(endpoints);
    await until("Postgres", () =>
      storedRows(endpoints).then(
        () => true,
        () => false,
      ),
    );
    await until("Temporal", () =>
      workflowState(endpoints).then(
        () => true,
        () => false,
      ),
    );
    expect(await storedRows(endpoints)).toEqual([{ note: "kept" }]);
    expect(await workflowState(endpoints)).toBe("RUNNING");
  });

  it("is started again however often it dies", async () => {
    for (let round = 0; round < 3; round++) {
      await until("a cpu-worker", () => pidOf("cpu-worker") !== undefined);
      const killed = pidOf("cpu-worker")!;
      process.kill(killed, "SIGKILL");
      await replaced("cpu-worker", killed);
    }
    expect(
      runningProcesses(home)
        .map(({ role }) => role)
        .sort(),
    ).toEqual([...supervised, "supervisor"].sort());
  });
});

it("a Temporal that was killed while it made its database makes it anew", async () => {
  const other = join(folder, "half-made");
  mkdirSync(join(other, "temporal"), { recursive: true });
  for (const name of ["temporal.db", "temporal.db.making"]) writeFileSync(join(other, "temporal", name), "");
  const started = await supervise(other);
  try {
    const made = runningEndpoints(readConfig({ ...process.env, RATCHET_HOME: other }));
    const { count } = await withTemporal(made, (client) => client.workflow.count("RatchetRun = 'none'"));
    expect(count).toBe(0);
    expect(existsSync(join(other, "temporal", "temporal.db.making"))).toBe(false);
  } finally {
    started.kill("SIGTERM");
    await ended(started);
  }
});

it("a Postgres that is told to end, and has a client that never leaves, is started again at once", async () => {
  const told = pidOf("postgres")!;
  const staying = new pg.Client({ connectionString: endpoints.databaseUrl });
  staying.on("error", () => undefined);
  await staying.connect();
  process.kill(told, "SIGTERM");
  await replaced("postgres", told);
  await until("Postgres", () =>
    storedRows(endpoints).then(
      () => true,
      () => false,
    ),
  );
  expect(await storedRows(endpoints)).toEqual([{ note: "kept" }]);
  await staying.end().catch(() => undefined);
});

describe("a killed supervisor", () => {
  it("takes its workers along, and the next start goes on with Postgres and Temporal", async () => {
    const before = runningProcesses(home).map(({ role, pid }) => ({ role, ...identify(pid) }));
    supervisor.kill("SIGKILL");
    await ended(supervisor);
    expect(supervisorOf(home)).toBeUndefined();
    await until("the workers' end", () =>
      before.filter(isAlive).every(({ role }) => !role.endsWith("worker")),
    );
    // It may have been killed before it saw that Temporal had made its database.
    writeFileSync(join(home, "temporal", "temporal.db.making"), "");
    supervisor = await supervise(home);
    const stillThere = before.filter(isAlive).map(({ role }) => role);
    expect(stillThere.sort()).toEqual(["postgres", "temporal"]);
    expect(runningEndpoints(config)).toEqual(endpoints);
    expect(await storedRows(endpoints)).toEqual([{ note: "kept" }]);
    expect(await workflowState(endpoints)).toBe("RUNNING");
    expect(pidOf("supervisor")).toBe(supervisor.pid);
    const adopted = pidOf("temporal")!;
    process.kill(adopted, "SIGKILL");
    await replaced("temporal", adopted);
    await until("Temporal with what it held", () =>
      workflowState(endpoints).then(
        (state) => state === "RUNNING",
        () => false,
      ),
    );
  });
});

describe("several starts at the same moment", () => {
  it("make one supervisor, also where a dead one left its lock", async () => {
    const contested = join(folder, "contested");
    mkdirSync(contested);
    writeFileSync(
      join(contested, "supervisor.json"),
      JSON.stringify({ pid: process.pid, startTime: "another" }),
    );
    const file = fileURLToPath(new URL("fixtures/services/take-lock.ts", import.meta.url));
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, [launcher, file, contested], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const words = await Promise.all(
      children.map(async ({ stdout }) => ((await once(stdout, "data"))[0] as Buffer).toString().trim()),
    );
    for (const child of children) child.kill("SIGKILL");
    expect(words.sort()).toEqual(["lost", "lost", "lost", "lost", "lost", "won"]);
  });
});

describe("an ended home", () => {
  it("leaves no process and no lock, and starts again with its data", async () => {
    const before = runningProcesses(home).map(({ pid }) => identify(pid));
    supervisor.kill("SIGTERM");
    const durationMs = await ended(supervisor);
    expect(supervisor.exitCode).toBe(0);
    expect(durationMs).toBeLessThan(15_000);
    expect(before.filter(isAlive)).toEqual([]);
    expect(listProcesses().filter(({ commandLine }) => commandLine.includes(home))).toEqual([]);
    expect(runningProcesses(home)).toEqual([]);
    expect(existsSync(join(home, "supervisor.json"))).toBe(false);
    expect(() => runningEndpoints(config)).toThrow(
      `nothing runs for ${home}; start its services with: npx ratchet up`,
    );
  });

  it("refuses to start while another program holds a recorded port", async () => {
    const { port } = readRecord(home).postgres!;
    const squatter = await listen(port);
    await expect(preflight(config, () => undefined)).rejects.toThrow(
      `port ${port} (postgres.port) is in use by another program; end that program, or change postgres.port in ${join(home, "services.json")}`,
    );
    await new Promise((resolve) => squatter.close(resolve));
  });

  it("waits for a recorded port that a killed process has not quite let go of", async () => {
    const squatter = await listen(readRecord(home).postgres!.port);
    setTimeout(() => squatter.close(), 300);
    await preflight(config, () => undefined);
    expect(squatter.listening).toBe(false);
  });

  it("starts although another program has the pid in Postgres's lock file, and a dead one holds ours", async () => {
    const data = join(readRecord(home).postgres!.folder, "data");
    writeFileSync(join(data, "postmaster.pid"), `${process.pid}\n${data}\n1\n`);
    writeFileSync(join(home, "supervisor.json"), JSON.stringify({ pid: process.pid, startTime: "another" }));
    supervisor = await supervise(home);
    expect(await storedRows(runningEndpoints(config))).toEqual([{ note: "kept" }]);
  });
});

describe("a home that the database's user cannot enter", () => {
  it.runIf(process.getuid?.() === 0)("keeps its database elsewhere and says where", async () => {
    const hidden = join(folder, "hidden");
    const closed = mkdtempSync(`${hidden}-`);
    const other = await supervise(join(closed, "home"));
    const database = readRecord(join(closed, "home")).postgres!.folder;
    expect(database.startsWith("/var/lib/ratchet/")).toBe(true);
    expect(readFileSync(join(database, "home"), "utf8")).toBe(join(closed, "home"));
    other.kill("SIGTERM");
    await ended(other);
    rmSync(database, { recursive: true });
  });
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
