/**
 * Another build is deployed in the middle of a run, in each of the ways that docs/operations.md names, and goes on with
 * it: the run ends with the weights of one that had a single build.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import type { ReinforcementSettings } from "../src/core/experiment/input.ts";
import { type Endpoints, endpointsOf } from "../src/services/endpoints.ts";
import { readRecord } from "../src/services/record.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { anotherBuild, type Build, thisBuild, wordOf } from "./another-build.ts";
import { emptyHome } from "./experiment-run.ts";
import { type Trained, trainingOnly, until } from "./operations-run.ts";

const iterations = 4;
const services = emptyHome();
/** Of a second set of workers, on the same services. */
const beside = emptyHome();
const other = anotherBuild();
const pinned = { RATCHET_VERSIONING: "pinned" };
let endpoints: Endpoints;
let connection: Connection;
let client: Client;
let store: Store;
let undisturbed: Trained;

const up = (build: Build, environment: Readonly<Record<string, string>> = {}) =>
  build.command({ RATCHET_HOME: services.home, ...environment }, "up");
const down = (home = services.home) => thisBuild.command({ RATCHET_HOME: home }, "down");
/** Workers of a build beside those that run. */
const upBeside = (build: Build) =>
  build.command(
    {
      ...pinned,
      RATCHET_HOME: beside.home,
      RATCHET_ARTIFACTS: join(services.home, "artifacts"),
      DATABASE_URL: endpoints.databaseUrl,
      TEMPORAL_ADDRESS: endpoints.temporalConnection.address!,
    },
    "up",
  );

/** What the worker of a home says of its build, last. */
function buildIdIn(home: string): string {
  const log = readFileSync(join(home, "logs", "workflow-worker.log"), "utf8");
  return [...log.matchAll(/"buildId":"([\w-]+)"/g)].at(-1)![1]!;
}

const makeCurrent = (buildId: string) =>
  thisBuild.command(
    { RATCHET_HOME: services.home },
    ...["temporal", "worker", "deployment", "set-current-version", "--deployment-name", "ratchet"],
    ...["--build-id", buildId, "--yes"],
  );

async function connect(): Promise<void> {
  const config = readConfig({ ...process.env, RATCHET_HOME: services.home });
  endpoints = endpointsOf(config, readRecord(services.home))!;
  connection = await Connection.connect(endpoints.temporalConnection);
  client = new Client({ connection, namespace: endpoints.temporalNamespace });
  store = await openStore({ databaseUrl: endpoints.databaseUrl, artifactFolder: config.artifactFolder });
}

async function disconnect(): Promise<void> {
  await store?.close();
  await connection?.close();
}

/** The same training for everybody; another tripwire window keeps it from being taken from another run's cache. */
const input = (run: string, window: number) =>
  trainingOnly(run, iterations, { tripwires: { window } as ReinforcementSettings["tripwires"] });
const begin = (run: string, window: number) =>
  client.workflow.start("experiment", {
    workflowId: `experiment-${run}`,
    taskQueue: "ratchet",
    args: [input(run, window)],
  });
const experimentOf = (run: string) => client.workflow.getHandle(`experiment-${run}`);

/** Begun, and held after its first update. */
async function begunAndHeld(run: string, window: number): Promise<void> {
  await begin(run, window);
  await until(async () => (await store.runs.lineageOf(run, "rl", 0)).length >= 1);
  await experimentOf(run).signal("pause");
  await until(async () => (await experimentOf(run).query<{ state: string }>("progress")).state === "paused");
}

async function trained(run: string): Promise<Trained> {
  const rl = (await store.runs.getStages(run)).find(({ stage }) => stage === "rl")!;
  const { weightsSha256, optimizerSha256 } = rl.result as unknown as Trained;
  return { weightsSha256, optimizerSha256 };
}

async function resumedToItsEnd(run: string): Promise<Trained> {
  await experimentOf(run).signal("resume");
  await experimentOf(run).result();
  return trained(run);
}

/** Which build asked for each update, in order, and the build that each execution of the training ended with. */
async function updatesAndBuilds(run: string) {
  const words: string[] = [];
  const builds: string[] = [];
  const executions: string[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${run}.rl'` }))
    executions.unshift(runId);
  for (const runId of executions) {
    const { events } = await client.workflow.getHandle(`${run}.rl`, runId).fetchHistory();
    for (const { activityTaskScheduledEventAttributes: scheduled, userMetadata } of events ?? [])
      if (scheduled?.activityType?.name === "updatePolicy")
        words.push(JSON.parse(Buffer.from(userMetadata!.summary!.data!).toString()).split(": ")[1]);
    const tasks = events!.map((event) => event.workflowTaskCompletedEventAttributes).filter((task) => task);
    builds.push(tasks.at(-1)!.deploymentVersion!.buildId!);
  }
  return { words, builds };
}

beforeAll(async () => {
  up(thisBuild, pinned);
  await connect();
  makeCurrent(buildIdIn(services.home));
  await begin("undisturbed", 10);
  await experimentOf("undisturbed").result();
  undisturbed = await trained("undisturbed");
});
afterAll(async () => {
  await disconnect();
  down(beside.home);
  down();
  other.remove();
  beside.remove();
  services.remove();
});

describe("a build that is deployed in the middle of a run", () => {
  it("beside the old one, takes a pinned training over at its next iteration, when it becomes current", async () => {
    await begunAndHeld("pinned", 11);
    upBeside(other);
    const [old, current] = [buildIdIn(services.home), buildIdIn(beside.home)];
    expect(current).not.toBe(old);
    makeCurrent(current);
    expect(await resumedToItsEnd("pinned")).toEqual(undisturbed);
    const { words, builds } = await updatesAndBuilds("pinned");
    expect(builds).toEqual([old, current]);
    expect(words).toHaveLength(iterations);
    expect(words.at(0)).toBe(wordOf.thisBuild);
    expect(words.at(-1)).toBe(wordOf.anotherBuild);
  });

  it("in place of one that had pinned its runs, adopts them", async () => {
    await begunAndHeld("adopted", 12);
    down(beside.home);
    await disconnect();
    down();
    up(thisBuild);
    await connect();
    expect(await resumedToItsEnd("adopted")).toEqual(undisturbed);
    const { words } = await updatesAndBuilds("adopted");
    expect([words.at(0), words.at(-1)]).toEqual([wordOf.anotherBuild, wordOf.thisBuild]);
  });

  it("in place of one that upgrades by itself, goes on in the middle of an execution", async () => {
    await begunAndHeld("upgraded", 13);
    await disconnect();
    down();
    up(other);
    await connect();
    expect(await resumedToItsEnd("upgraded")).toEqual(undisturbed);
    const { words, builds } = await updatesAndBuilds("upgraded");
    expect(builds).toEqual([buildIdIn(services.home)]);
    expect([words.at(0), words.at(-1)]).toEqual([wordOf.thisBuild, wordOf.anotherBuild]);
  });
});
