/** What a finished experiment leaves in Temporal: where updates ran, how small histories are, that they replay and reset. */
import { readFileSync } from "node:fs";
import { Client, Connection } from "@temporalio/client";
import { Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { seededRandom } from "../src/core/random.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { readRecord } from "../src/services/record.ts";
import { workflowBundle } from "../src/workers/bundle.ts";
import { taskQueues, workflowTypes } from "../src/workflows/names.ts";
import { emptyHome, ratchet, type Summary, start, tinyExample, updatesOf } from "./experiment-run.ts";
import { type ResetPoint, resetDiffers, resetPoints } from "./reset-run.ts";

const { home, remove } = emptyHome();
type History = Awaited<ReturnType<ReturnType<Client["workflow"]["getHandle"]>["fetchHistory"]>>;
let connection: Connection;
let client: Client;
let summary: Summary;
const histories = new Map<string, History>();
/** Of the run before anything is reset. */
let points: ResetPoint[];

/** The one workflow type that no stage of an experiment is. */
const calibration = {
  id: "calibration",
  seed: 7,
  policy: "tiny",
  environments: "tiny/test-environments",
  calibration: { samples: 2, blindSamples: 1, maxTurns: 2, shardSize: 8 },
};

beforeAll(async () => {
  expect(ratchet(home, "up").status).toBe(0);
  summary = await start(home, ["--input", tinyExample]).summary;
  const endpoints = endpointsOf(readConfig({ ...process.env, RATCHET_HOME: home }), readRecord(home))!;
  connection = await Connection.connect(endpoints.temporalConnection);
  client = new Client({ connection, namespace: endpoints.temporalNamespace });
  points = await resetPoints(client);
  await client.workflow.execute("calibrateEnvironments", {
    taskQueue: taskQueues.workflows,
    workflowId: "calibration",
    args: [calibration],
  });
  for await (const { workflowId } of client.workflow.list())
    histories.set(workflowId, await client.workflow.getHandle(workflowId).fetchHistory());
});
afterAll(async () => {
  await connection?.close();
  ratchet(home, "down");
  remove();
});

const eventsOf = (history: History) => history.events ?? [];
const typeOf = (history: History) =>
  eventsOf(history)[0]!.workflowExecutionStartedEventAttributes!.workflowType!.name;

describe("the histories of an experiment and a calibration", () => {
  it("cover every workflow type", () => {
    const types = new Set([...histories.values()].map(typeOf));
    expect([...types].sort()).toEqual([...workflowTypes].sort());
  });

  it("show every policy update on ratchet-train, started by the device worker", () => {
    const updates = [...histories.values()].flatMap((history) => {
      const events = eventsOf(history);
      return events
        .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === "updatePolicy")
        .map((scheduled) => ({
          queue: scheduled.activityTaskScheduledEventAttributes!.taskQueue!.name,
          identity: events.find(
            (event) =>
              event.activityTaskStartedEventAttributes?.scheduledEventId?.toString() ===
              scheduled.eventId!.toString(),
          )!.activityTaskStartedEventAttributes!.identity!,
        }));
    });
    expect(updates).toHaveLength(5);
    for (const { queue, identity } of updates) {
      expect(queue).toBe("ratchet-train");
      expect(identity).toMatch(/^ratchet-gpu/);
    }
  });

  it("give a turn and an update a week, and notice within 20 s that nobody works on it", () => {
    const limits = [...histories.values()].flatMap(eventsOf).flatMap((event) => {
      const { activityType, taskQueue, startToCloseTimeout, heartbeatTimeout } =
        event.activityTaskScheduledEventAttributes ?? {};
      if (taskQueue?.name !== taskQueues.sample && taskQueue?.name !== taskQueues.train) return [];
      return [`${activityType!.name}: ${startToCloseTimeout!.seconds} s, ${heartbeatTimeout!.seconds} s`];
    });
    expect([...new Set(limits)].sort()).toEqual([
      "sampleTurn: 604800 s, 10 s",
      "updatePolicy: 604800 s, 20 s",
    ]);
  });

  it("are small: under 5,000 events, and no payload over 64 KiB", () => {
    for (const history of histories.values()) {
      expect(eventsOf(history).length).toBeLessThan(5_000);
      expect(largestPayload(history)).toBeLessThanOrEqual(64 * 1024);
    }
  });

  it("replay, in a bundle that holds no native or Node module", async () => {
    const bundle = await workflowBundle(readConfig().cacheFolder);
    const code = readFileSync(bundle.codePath, "utf8");
    for (const forbidden of ["onnxruntime", "node:crypto", 'require("pg")', "quickjs"])
      expect(code).not.toContain(forbidden);
    const replayed = [];
    const named = [...histories].map(([workflowId, history]) => ({ workflowId, history }));
    for await (const result of Worker.runReplayHistories({ workflowBundle: bundle }, named))
      replayed.push({ id: result.workflowId, error: result.error?.message });
    expect(replayed.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(replayed).toHaveLength(histories.size);
  });

  it("say of themselves that they are done, of each type", async () => {
    for (const type of workflowTypes) {
      const [workflowId] = [...histories].find(([, history]) => typeOf(history) === type)!;
      const told = await client.workflow.getHandle(workflowId).query<object>("progress");
      expect([type, told]).toMatchObject([type, { state: "done", waitsFor: null, children: {} }]);
    }
  });

  it("are found by stage and reward", async () => {
    const found = [];
    for await (const { workflowId } of client.workflow.list({
      query: "RatchetStage = 'rl' AND RatchetReward > -1",
    }))
      found.push(workflowId);
    expect(found).toEqual(["tiny.rl"]);
  });
});

describe("a reset", () => {
  it("at any workflow task of the training ends with the same weights", async () => {
    const events = eventsOf(histories.get("tiny.rl")!);
    const tasks = events
      .filter((event) => event.workflowTaskCompletedEventAttributes)
      .map(({ eventId }) => Number(eventId));
    const chosen = [tasks[0]!, tasks[Math.floor(tasks.length / 2)]!, tasks.at(-1)!];
    for (const task of chosen) {
      const { runId } = JSON.parse(resetTo(task)) as { runId: string };
      const result = (await client.workflow.getHandle("tiny.rl", runId).result()) as Summary;
      expect(result.weightsSha256).toBe(summary.weightsSha256);
    }
    expect(await updatesOf(home, "tiny", "rl")).toHaveLength(3);
  });
});

describe("resets of the whole run", () => {
  it("to workflow tasks of its experiment and of any other workflow end with the same results", async () => {
    const shuffled = seededRandom(6).shuffle(points);
    const isExperiment = ({ workflowId }: ResetPoint) => workflowId === "experiment-tiny";
    const chosen = [
      ...shuffled.filter(isExperiment).slice(0, 2),
      ...shuffled.filter((point) => !isExperiment(point)).slice(0, 4),
    ];
    expect(chosen).toHaveLength(6);
    for (const point of chosen) expect([point, await resetDiffers(client, point)]).toEqual([point, null]);
  });
});

describe("the report", () => {
  it("is one page that loads nothing from elsewhere", () => {
    const { stdout, status } = ratchet(home, "report", "tiny");
    expect(status).toBe(0);
    const page = readFileSync(stdout.trim(), "utf8");
    expect(page).toContain("Solve-F1");
    expect(page).not.toMatch(/(src|href)=["']https?:/);
  });
});

function largestPayload(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  if (value instanceof Uint8Array) return value.byteLength;
  return Math.max(0, ...Object.values(value).map(largestPayload));
}

/** Always of the first run: a reset opens another, whose events have other numbers. */
function resetTo(task: number): string {
  const [started] = eventsOf(histories.get("tiny.rl")!);
  const runId = started!.workflowExecutionStartedEventAttributes!.originalExecutionRunId!;
  const reset = ratchet(
    home,
    ...["temporal", "workflow", "reset", "--workflow-id", "tiny.rl", "--run-id", runId],
    ...["--event-id", String(task), "--reason", "test", "-o", "json"],
  );
  if (reset.status !== 0) throw new Error(`reset to ${task} ended with ${reset.status}: ${reset.stderr}`);
  return reset.stdout;
}
