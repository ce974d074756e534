/**
 * A run under fire: random processes are killed, frozen or told to end while it works, the supervisor among them, and it is
 * started again whenever it is down. What it leaves is then compared with what a run left alone leaves.
 */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import pg from "pg";
import { readConfig } from "../src/config/config.ts";
import type { Random } from "../src/core/random.ts";
import { type Endpoints, endpointsOf } from "../src/services/endpoints.ts";
import { logFolder } from "../src/services/logs.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { readRecord } from "../src/services/record.ts";
import type { Role } from "../src/services/roles.ts";
import { openStore } from "../src/store/store.ts";
import { ratchet, type Summary, start } from "./experiment-run.ts";

export type Signal = "SIGKILL" | "SIGSTOP" | "SIGTERM";

export interface Blow {
  readonly role: Role;
  readonly signal: Signal;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Longer than the 10 s heartbeat of all but updates, so that a frozen attempt is given up before it is thawed. */
export const frozenMs = 13_000;
/** One blow in five freezes, one in five asks to end, the rest kill. */
const signals: readonly Signal[] = ["SIGKILL", "SIGKILL", "SIGKILL", "SIGSTOP", "SIGTERM"];
const garbageEveryMs = 5_000;

export interface UnderFire {
  readonly summary: Summary;
  /** How often the run had to be started again. */
  readonly restarts: number;
  /** Collections of garbage that came to their end, and the checkpoints that they removed. */
  readonly collections: number;
  readonly removed: number;
}

export interface Fire {
  readonly random: Random;
  readonly most: number;
  /** Between two blows, on average. */
  readonly pauseMs: number;
  /** SIGKILL alone, and never the supervisor: what a run must survive without anybody's help. */
  readonly unattended?: boolean;
  /** Steps that the run commits: the blows are spread over them, so that all fall in its work, however fast it is. */
  readonly steps?: number;
  /** A blow falls only once the run has gone on, with a commit, after the one before. */
  readonly oneAtATime?: boolean;
}

/**
 * At most `most` blows, `pauseMs` apart on average, noted in `blows` as they fall; garbage is collected all the while,
 * down to what is needed. Rejects where the run ends with a failure that no blow at its supervisor explains.
 */
export async function runUnderFire(
  home: string,
  args: readonly string[],
  fire: Fire,
  blows: Blow[],
): Promise<UnderFire> {
  const { random, most, pauseMs, steps = 0, oneAtATime = false } = fire;
  let restarts = 0;
  let committedBefore = 0;
  const collected = { collections: 0, removed: 0 };
  const commits = new CommitCount(home);
  let collecting = Promise.resolve();
  const maintenance = setInterval(() => {
    collecting = collecting.then(() => collectGarbage(home, collected));
  }, garbageEveryMs);
  try {
    for (;;) {
      const first = blows.length;
      const { process: run, summary } = start(home, args);
      const outcome = summary.then(
        (ended) => ({ ended }),
        (error: Error) => ({ error }),
      );
      const exited = once(run, "exit");
      while (run.exitCode === null && run.signalCode === null && blows.length < most) {
        await Promise.race([sleep(2 * pauseMs * random.next()), exited]);
        const committed = await commits.read();
        if (committed < (blows.length / most) * steps) continue;
        if (oneAtATime && blows.length > 0 && committed <= committedBefore) continue;
        committedBefore = committed;
        if (run.exitCode === null && run.signalCode === null) strike(home, fire, blows);
      }
      const result = await outcome;
      if ("ended" in result) return { summary: result.ended, restarts, ...collected };
      if (blows.slice(first).every(({ role }) => role !== "supervisor")) throw result.error;
      restarts++;
    }
  } finally {
    clearInterval(maintenance);
    await collecting;
    await commits.close();
  }
}

/** How many steps are committed, over one connection: a frozen Postgres serves those that it has, and the run goes on. */
class CommitCount {
  private readonly home: string;
  private client: pg.Client | undefined;
  private last = 0;

  constructor(home: string) {
    this.home = home;
  }

  /** The last one known while Postgres is down. */
  async read(): Promise<number> {
    try {
      this.client ??= await connected(this.home);
      const { rows } = await this.client.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM steps WHERE state = 'committed'",
      );
      this.last = rows[0]!.count;
    } catch {
      await this.close();
    }
    return this.last;
  }

  async close(): Promise<void> {
    await this.client?.end();
    this.client = undefined;
  }
}

async function connected(home: string): Promise<pg.Client> {
  const { databaseUrl } = endpointsAt(home)!;
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 1_000 });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Each role is hit equally often, however many processes it has and however late its first one comes. */
function strike(home: string, { random, unattended = false }: Fire, blows: Blow[]): void {
  const processes = runningProcesses(home).filter(({ role }) => !unattended || role !== "supervisor");
  const roles = [...new Set(processes.map(({ role }) => role))];
  if (roles.length === 0) return;
  // While everything starts there is only the supervisor, which would take most of the blows.
  if (roles.length === 1 && random.next() < 0.8) return;
  const hits = (role: Role) => blows.filter((blow) => blow.role === role).length;
  const least = Math.min(...roles.map(hits));
  const role = random.pick(roles.filter((candidate) => hits(candidate) === least));
  const { pid } = random.pick(processes.filter((candidate) => candidate.role === role));
  const signal = unattended ? "SIGKILL" : random.pick(signals);
  if (!deliver(pid, signal)) return;
  blows.push({ role, signal, at: Date.now() });
  // Other blows fall while it is frozen; a process that has ended by then needs no thaw.
  if (signal === "SIGSTOP") setTimeout(() => deliver(pid, "SIGCONT"), frozenMs);
}

/** False where the process had ended by itself. */
function deliver(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** As a maintenance job would; the services may be down at any moment of it. */
async function collectGarbage(
  home: string,
  collected: { collections: number; removed: number },
): Promise<void> {
  try {
    const config = readConfig({ ...process.env, RATCHET_HOME: home });
    const endpoints = endpointsOf(config, readRecord(home));
    if (endpoints === undefined) return;
    const { databaseUrl } = endpoints;
    const store = await openStore({ databaseUrl, artifactFolder: config.artifactFolder });
    const { removed } = await store.collectGarbage([], 0).finally(() => store.close());
    collected.collections += 1;
    collected.removed += removed.length;
  } catch {
    // Postgres is down; the next one may be luckier.
  }
}

interface LineageRow {
  readonly stage: string;
  readonly branch: number;
  readonly iteration: number;
  readonly weights_sha256: string;
  readonly metrics: { readonly zeroVarianceShare?: number };
}

export interface Remains {
  /** Each committed step's result by key, and each update's lineage, in order: what must not depend on any blow. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly lineage: readonly LineageRow[];
  /** When each step was committed, ascending; milliseconds since 1970. */
  readonly commits: readonly number[];
  /** Activities' attempts that were begun and given up: work that had to be done again. */
  readonly lostAttempts: number;
  readonly attempts: number;
  /** Commits that came from overtaken attempts and were refused. */
  readonly staleCommitsRefused: number;
}

/** What a run left in Postgres; starts the home's services for as long as it reads. */
export async function remainsOf(home: string): Promise<Remains> {
  const up = ratchet(home, "up");
  if (up.status !== 0) throw new Error(`ratchet up ended with ${up.status}: ${up.stderr}`);
  const client = new pg.Client({ connectionString: endpointsAt(home)!.databaseUrl });
  try {
    await client.connect();
    const steps = await client.query<{ key: string; result: unknown; at: string }>(
      `SELECT key, result, extract(epoch FROM committed_at) * 1000 AS at FROM steps
       WHERE state = 'committed' ORDER BY key COLLATE "C"`,
    );
    const lineage = await client.query<LineageRow>(
      `SELECT stage, branch, iteration, step_key, parent, weights_sha256, optimizer_sha256, metrics
       FROM lineage ORDER BY stage COLLATE "C", branch, iteration`,
    );
    return {
      steps: Object.fromEntries(steps.rows.map(({ key, result }) => [key, result])),
      lineage: lineage.rows,
      commits: steps.rows.map(({ at }) => Number(at)).sort((a, b) => a - b),
      ...(await attemptsOf(home)),
      staleCommitsRefused: mentions(home, "a newer attempt took this step over"),
    };
  } finally {
    await client.end();
    ratchet(home, "down");
  }
}

/** As Temporal counts them: an attempt's number says how many were given up before it. */
function attemptsOf(home: string): Promise<Pick<Remains, "attempts" | "lostAttempts">> {
  return withClient(home, async (client) => {
    const numbers: number[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      for (const { activityTaskStartedEventAttributes: started } of events ?? [])
        if (started) numbers.push(started.attempt ?? 1);
    }
    const attempts = numbers.reduce((sum, number) => sum + number, 0);
    return { attempts, lostAttempts: attempts - numbers.length };
  });
}

/** A client of the home's Temporal, which must run. */
export async function withClient<T>(home: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { temporalConnection, temporalNamespace } = endpointsAt(home)!;
  const connection = await Connection.connect(temporalConnection);
  try {
    return await work(new Client({ connection, namespace: temporalNamespace }));
  } finally {
    await connection.close();
  }
}

const endpointsAt = (home: string): Endpoints | undefined =>
  endpointsOf(readConfig({ ...process.env, RATCHET_HOME: home }), readRecord(home));

function mentions(home: string, words: string): number {
  const logs = readdirSync(logFolder(home)).map((name) => readFileSync(join(logFolder(home), name), "utf8"));
  return logs.reduce((sum, text) => sum + text.split(words).length - 1, 0);
}
