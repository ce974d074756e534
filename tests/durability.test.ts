/** The claim that Ratchet is built on: kill anything, and the weights are those of a run left alone, bit for bit. */
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../src/core/random.ts";
import { runningProcesses } from "../src/services/process-table.ts";
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

const kills = 20;
let undisturbed: Summary;
const homes: { remove(): void }[] = [];
const newHome = () => {
  const made = emptyHome();
  homes.push(made);
  return made.home;
};

beforeAll(async () => {
  undisturbed = await start(newHome(), ["--input", tinyExample]).summary;
});
afterAll(() => {
  for (const home of homes) home.remove();
});

const bytes = ({ weightsSha256, optimizerSha256 }: Summary) => ({ weightsSha256, optimizerSha256 });

describe("a run of the tiny experiment", () => {
  it("learns in every update: rewards differ within groups, and the weights change", async () => {
    const home = newHome();
    const run = start(home, ["--input", tinyExample]);
    run.summary.catch(() => undefined);
    await untilUpdates(home, "tiny", "rl", 3);
    const [supervised, reinforced] = await Promise.all([
      updatesOf(home, "tiny", "cold-start"),
      updatesOf(home, "tiny", "rl"),
    ]);
    await run.summary;
    for (const { metrics } of reinforced) expect(metrics.zeroVarianceShare).toBeLessThan(1);
    const weights = [...supervised, ...reinforced].map(({ weightsSha256 }) => weightsSha256);
    expect(new Set(weights).size).toBe(5);
  });

  it(`ends with the same weights and optimizer after ${kills} kills of anything but the supervisor`, async () => {
    const home = newHome();
    const random = seededRandom(20);
    const run = start(home, ["--input", tinyExample]);
    let killed = 0;
    const ended = run.summary.then(() => true);
    while (killed < kills && run.process.exitCode === null) {
      await sleep(300 + random.integer(2_000));
      const victims = runningProcesses(home).filter(({ role }) => role !== "supervisor");
      if (victims.length === 0) continue;
      try {
        process.kill(random.pick(victims).pid, "SIGKILL");
        killed += 1;
      } catch {
        // It had ended by itself.
      }
    }
    await ended;
    expect(killed).toBe(kills);
    expect(bytes(await run.summary)).toEqual(bytes(undisturbed));
  });

  it("goes on where it was when its supervisor and everything else is killed and it is started again", async () => {
    const home = newHome();
    const first = start(home, ["--input", tinyExample]);
    first.summary.catch(() => undefined);
    await untilUpdates(home, "tiny", "cold-start", 1);
    for (const { pid } of runningProcesses(home)) process.kill(pid, "SIGKILL");
    await once(first.process, "close");
    expect(bytes(await start(home, ["--input", tinyExample]).summary)).toEqual(bytes(undisturbed));
  });

  it("goes on from its last commit when Temporal's database is gone", async () => {
    const home = newHome();
    const first = start(home, ["--input", tinyExample]);
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
  it.each(["twice", "skipped", "reseeded"])(
    "an engine that works wrongly (%s) ends elsewhere",
    async (fault) => {
      const home = newHome();
      const services = await superviseFaulty(home, fault);
      try {
        const summary = await start(home, ["--input", trimmedTiny(home)]).summary;
        expect(summary.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
        expect(summary.weightsSha256).not.toBe(undisturbed.weightsSha256);
      } finally {
        await services.stop();
      }
    },
  );
});
