/** A run whose thread count changes under it: refused, and gone on with once a person asks for it, which is marked. */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { emptyHome, ratchet, start, untilUpdates, updatesOf } from "./experiment-run.ts";
import { trainingOnly } from "./operations-run.ts";

const { home, remove } = emptyHome();
const resume = (...options: string[]) => ratchet(home, "resume", "moved", "--exit", "--json", ...options);
const withThreads = (threads: number) => vi.stubEnv("RATCHET_THREADS", String(threads));

/** Stopped after some iteration of `rl`, and computed with 2 threads until there. */
beforeAll(async () => {
  const input = `${home}-moved.json`;
  writeFileSync(input, JSON.stringify(trainingOnly("moved", 10)));
  const { summary } = start(home, ["--input", input]);
  await untilUpdates(home, "moved", "rl", 1);
  expect(ratchet(home, "stop", "moved").status).toBe(0);
  expect((await summary).state).toBe("stopped");
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  ratchet(home, "down");
  remove();
});

describe("a run that is resumed with another thread count", () => {
  it("is refused before anything starts while nobody asked for it, and the message names the command that does", () => {
    withThreads(1);
    const before = readdirSync(home).map((name) => [name, statSync(join(home, name)).mtimeMs]);
    const { status, stderr } = resume();
    expect(stderr).not.toContain("starting Postgres");
    expect(readdirSync(home).map((name) => [name, statSync(join(home, name)).mtimeMs])).toEqual(before);
    expect(status).toBe(2);
    expect(stderr).toContain("field 'threads' = 2, but the workers' engine would have 1");
    expect(stderr).toContain("npx ratchet resume moved --accept-numerics");
  });

  it("goes on with it where a person asks, and says after which update in status", async () => {
    withThreads(1);
    const { status, stdout, stderr } = resume("--accept-numerics");
    expect([status, JSON.parse(stdout).state], stderr).toEqual([0, "done"]);
    expect(ratchet(home, "up").status).toBe(0);
    const { numericsChanges } = JSON.parse(ratchet(home, "status", "moved", "--json").stdout);
    expect(numericsChanges).toMatchObject([
      { after: { stage: "rl", branch: 0 }, from: { threads: 2 }, to: { threads: 1 } },
    ]);
    const { iteration } = numericsChanges[0].after;
    expect((await updatesOf(home, "moved", "rl")).at(-1)!.iteration).toBeGreaterThan(iteration);
    expect(ratchet(home, "status", "moved").stdout).toContain(
      `\n  numerics changed after rl, iteration ${iteration}: threads 2 -> 1\n`,
    );
    ratchet(home, "down");
  });

  it("needs no second asking for the new count, and is refused the old one from then on", () => {
    withThreads(1);
    expect(JSON.parse(resume().stdout).state).toBe("done");
    withThreads(2);
    const { status, stderr } = resume();
    expect(status).toBe(2);
    expect(stderr).toContain("field 'threads' = 1, but the workers' engine would have 2");
  });
});
