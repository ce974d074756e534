/** The claim that Ratchet is built on: kill anything, and the weights are those of a run left alone, bit for bit. */
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkflows } from "../src/cli/open-run.ts";
import { seededRandom } from "../src/core/random.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { serviceRoles, workerRoles } from "../src/services/roles.ts";
import { type Blow, type Remains, remainsOf, runUnderFire, withClient } from "./chaos-run.ts";
import {
  emptyHome,
  ratchet,
  resume,
  type Summary,
  start,
  superviseFaulty,
  tinyExample,
  trimmedTiny,
  untilUpdates,
  updatesOf,
} from "./experiment-run.ts";

const blowCount = 50;
/** A minute or two of work, on a machine that is many times as busy as one's own. */
const patienceMs = 1_800_000;
let undisturbed: Summary;
/** By the undisturbed run. */
let left: Remains;
const homes: { remove(): void }[] = [];
const newHome = () => {
  const made = emptyHome();
  homes.push(made);
  return made.home;
};

beforeAll(async () => {
  const home = newHome();
  undisturbed = await start(home, ["--input", tinyExample]).summary;
  left = await remainsOf(home);
}, patienceMs);
afterAll(() => {
  for (const home of homes) home.remove();
});

const bytes = ({ weightsSha256, optimizerSha256 }: Summary) => ({ weightsSha256, optimizerSha256 });

describe("a run of the tiny experiment", () => {
  it("learns in every update: rewards differ within groups, and the weights change", () => {
    const reinforced = left.lineage.filter(({ stage }) => stage === "rl");
    expect(reinforced).toHaveLength(3);
    for (const { metrics } of reinforced) expect(metrics.zeroVarianceShare).toBeLessThan(1);
    expect(new Set(left.lineage.map(({ weights_sha256 }) => weights_sha256)).size).toBe(5);
  });

  it(
    `leaves the same after ${blowCount} blows at anything: weights, optimizer, every step, every metric`,
    async () => {
      const home = newHome();
      const blows: Blow[] = [];
      const steps = Object.keys(left.steps).length;
      const how = { random: seededRandom(20), most: blowCount, pauseMs: 300, steps };
      const { summary, collections } = await runUnderFire(home, ["--input", tinyExample], how, blows);
      expect(blows).toHaveLength(blowCount);
      expect(collections).toBeGreaterThan(0);
      expect(new Set(blows.map(({ signal }) => signal))).toEqual(new Set(["SIGKILL", "SIGSTOP", "SIGTERM"]));
      const struck = new Set<string>(blows.map(({ role }) => role));
      expect(struck).toEqual(new Set(["supervisor", ...serviceRoles, ...workerRoles, "engine", "sandbox"]));
      expect(bytes(summary)).toEqual(bytes(undisturbed));
      const remains = await remainsOf(home);
      expect(remains.lineage).toEqual(left.lineage);
      expect(remains.steps).toEqual(left.steps);
    },
    patienceMs,
  );

  it(
    "ends by itself with the same weights after 20 kills of anything but its supervisor, some of them in the middle of work",
    async () => {
      const home = newHome();
      const blows: Blow[] = [];
      const steps = Object.keys(left.steps).length;
      const how = { random: seededRandom(21), most: 20, pauseMs: 300, unattended: true, steps };
      const { summary, restarts } = await runUnderFire(home, ["--input", tinyExample], how, blows);
      expect(blows).toHaveLength(20);
      expect(restarts).toBe(0);
      const struck = new Set(blows.map(({ role }) => role));
      expect(struck.has("gpu-worker") || struck.has("engine")).toBe(true);
      expect(struck.has("cpu-worker") || struck.has("sandbox")).toBe(true);
      expect(bytes(summary)).toEqual(bytes(undisturbed));
      const { lineage, lostAttempts } = await remainsOf(home);
      expect(lostAttempts).toBeGreaterThan(0);
      expect(lineage).toEqual(left.lineage);
    },
    patienceMs,
  );

  it("goes on where it was when its supervisor and everything else is killed and it is started again", async () => {
    const home = newHome();
    const input = ["--input", trimmedTiny(home)];
    const first = start(home, input);
    first.summary.catch(() => undefined);
    await untilUpdates(home, "tiny", "cold-start", 1);
    for (const { pid } of runningProcesses(home)) process.kill(pid, "SIGKILL");
    await once(first.process, "close");
    expect(bytes(await start(home, input).summary)).toEqual(bytes(undisturbed));
  });

  it("goes on from its last commit when Temporal's database is gone", async () => {
    const home = newHome();
    const first = start(home, ["--input", trimmedTiny(home)]);
    first.summary.catch(() => undefined);
    await untilUpdates(home, "tiny", "cold-start", 1);
    first.process.kill("SIGINT");
    await once(first.process, "close");
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(home, "temporal", `temporal.db${suffix}`), { force: true });
    expect(bytes(await resume(home, "tiny").summary)).toEqual(bytes(undisturbed));
  });
});

describe("without a device worker", () => {
  it("updates wait, CPU stages go on, and the run ends by itself when one returns", async () => {
    const home = newHome();
    const services = await superviseFaulty(home, "late");
    const isBuilt = () =>
      ratchet(home, "status", "--json").stdout.includes(
        '"stage":"train-environments","type":"build","state":"done"',
      );
    try {
      const run = start(home, ["--input", trimmedTiny(home)]);
      run.summary.catch(() => undefined);
      while (!isBuilt()) await sleep(1_000);
      await sleep(3_000);
      expect(await updatesOf(home, "tiny", "cold-start")).toEqual([]);
      expect(run.process.exitCode).toBeNull();
      writeFileSync(join(home, "device-returns"), "");
      expect(bytes(await run.summary)).toEqual(bytes(undisturbed));
    } finally {
      await services.stop();
    }
  });
});

describe("the proof can fail", () => {
  const home = newHome();

  // Others take the cold start of the first, which draws no sample in it.
  it.each(["reseeded", "redrawn", "twice", "skipped", "reapplied"].map((fault, i) => [fault, i] as const))(
    "an engine that works wrongly (%s) leaves another lineage",
    async (fault, index) => {
      const services = await superviseFaulty(home, fault);
      try {
        const run = start(home, ["--input", trimmedTiny(home, { run: fault, window: 11 + index })]);
        const ended = once(run.process, "close");
        run.summary.catch(() => undefined);
        for (;;) {
          const { exitCode } = run.process;
          if (await hasStrayed(fault)) break;
          expect(exitCode).toBeNull();
          await sleep(250);
        }
        await withClient(home, async (client) => {
          const open = await openWorkflows(client, fault);
          // What it began ends with it.
          for (const { workflowId } of open.filter(({ parent }) => parent === undefined))
            await client.workflow.getHandle(workflowId).terminate("it has strayed");
        });
        await ended;
      } finally {
        await services.stop();
      }
    },
  );

  /** An update is committed that does not leave what the undisturbed run's left. */
  async function hasStrayed(run: string): Promise<boolean> {
    const made = [...(await updatesOf(home, run, "cold-start")), ...(await updatesOf(home, run, "rl"))];
    return made.some(
      ({ stage, iteration, weightsSha256 }) =>
        left.lineage.find((row) => row.stage === stage && row.iteration === iteration)?.weights_sha256 !==
        weightsSha256,
    );
  }
});
