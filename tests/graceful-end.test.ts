/** What becomes of an update when its worker is asked to end: it is finished within the grace, or handed back at once. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { logPath } from "../src/services/logs.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { withClient } from "./chaos-run.ts";
import { emptyHome, start, superviseFaulty, trimmedTiny } from "./experiment-run.ts";

/** More than what shall fit takes, also on a busy machine, and far less than what shall not. */
const graceSeconds = 14;
const fits = "6000";
const fitsNever = "600000";

const { home, remove } = emptyHome();
let services: Awaited<ReturnType<typeof superviseFaulty>>;
let run: ReturnType<typeof start>;
const delay = (ms: string) => writeFileSync(join(home, "update-delay"), ms);

interface Told {
  readonly activity?: string;
  readonly event?: string;
  readonly attempt: number;
}

/** What the device workers' log says of updates, in order. */
const updates = () =>
  readFileSync(logPath(home, "gpu-worker"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Told)
    .filter(({ activity, event }) => activity === "updatePolicy" && event !== undefined)
    .map(({ event, attempt }) => `${event} ${attempt}`);

const untilUpdates = async (told: readonly string[]) => {
  while (updates().length < told.length) await sleep(100);
  expect(updates()).toEqual(told);
};

/** Resolves once that many of them are made, and are only late. */
const untilLate = async (count: number) => {
  const log = join(home, "device-log.jsonl");
  while (!existsSync(log) || readFileSync(log, "utf8").trimEnd().split("\n").length < count) await sleep(100);
};

const worker = () => runningProcesses(home).find(({ role }) => role === "gpu-worker")?.pid;
const untilReplaced = async (pid: number) => {
  while (worker() === undefined || worker() === pid) await sleep(100);
};

/** Why the last attempts of what is pending were given up. */
const failures = () =>
  withClient(home, async (client) => {
    const { raw } = await client.workflow.getHandle("tiny.cold-start").describe();
    return raw.pendingActivities?.map(({ lastFailure }) => lastFailure?.applicationFailureInfo?.type);
  });

beforeAll(async () => {
  // It becomes a folder when the services start in it, which the first update comes long after.
  services = await superviseFaulty(home, "slow", { RATCHET_GRACE: String(graceSeconds) });
  delay(fits);
  run = start(home, ["--input", trimmedTiny(home)]);
  run.summary.catch(() => undefined);
});
afterAll(remove);

it("an update that fits in the grace is committed by the worker that ends", async () => {
  await untilLate(1);
  const asked = worker()!;
  // As a service manager does that tells every process, and then the supervisor tells its own.
  process.kill(asked, "SIGTERM");
  process.kill(asked, "SIGTERM");
  await untilUpdates(["started 1", "ended 1"]);
  // The next worker needs a second at least before it takes the next update.
  delay(fitsNever);
  await untilReplaced(asked);
});

it("one that does not is handed back when the grace is over, without waiting for its heartbeat", async () => {
  await untilLate(2);
  process.kill(worker()!, "SIGTERM");
  await untilUpdates(["started 1", "ended 1", "started 1", "cancelled 1", "started 2"]);
  expect(await failures()).toEqual(["WorkerShutdown"]);
});

it("one whose worker is killed is handed back by the next, without waiting for its heartbeat either", async () => {
  await untilLate(3);
  process.kill(worker()!, "SIGKILL");
  await untilUpdates(["started 1", "ended 1", "started 1", "cancelled 1", "started 2", "started 3"]);
  expect(await failures()).toEqual(["WorkerDied"]);
});

it("the supervisor that is asked to end leaves it the grace too", async () => {
  await untilLate(4);
  const stopped = services.stop();
  delay(fits);
  await stopped;
  expect(updates().slice(4)).toEqual(["started 2", "started 3", "ended 3"]);
});
