import { describe, expect, it } from "vitest";
import type { Waiting } from "./waiting.ts";
import { createWatch } from "./watch-waiting.ts";

const running: Waiting = {
  state: "running",
  waitsFor: null,
  pending: [],
  failingTasks: [],
  polledMsAgo: { ratchet: 10 },
};
const parked: Waiting = { ...running, state: "parked", waitsFor: "the disk is full" };
const paused: Waiting = { ...running, state: "paused" };

/** Looks at one state after the other, every 5 s. */
async function watched(states: readonly (Waiting | undefined)[], joined: boolean) {
  let now = 0;
  let next = 0;
  const lines: string[] = [];
  const look = createWatch({
    run: "tiny",
    joined,
    nowMs: () => now,
    write: (line) => lines.push(line),
    read: async () => states[next++],
    wake: async () => lines.push("woken"),
  });
  const held = [];
  while (next < states.length) {
    now += 5_000;
    held.push(await look());
  }
  return { lines, held: held.filter((found) => found !== undefined) };
}

const parkedLine = "parked: the disk is full; mend it, then: npx ratchet resume tiny";
const pausedLine = "paused by a person; go on with: npx ratchet resume tiny";

describe("following a run that does not go on", () => {
  it("wakes what was parked before, once, and says so", async () => {
    const { lines } = await watched([parked, running, running], true);
    expect(lines).toEqual([parkedLine, "woken", "run tiny was parked; it tries again"]);
  });

  it("wakes it also where no worker answers at first", async () => {
    const unanswered = { ...running, state: undefined };
    expect((await watched([undefined, unanswered, parked], true)).lines).toContain("woken");
  });

  it("leaves alone what parks later, what a person paused, and what it started itself", async () => {
    expect((await watched([running, parked], true)).lines).toEqual([parkedLine]);
    expect((await watched([paused, paused], true)).lines).toEqual([pausedLine]);
    expect((await watched([parked], false)).lines).toEqual([parkedLine]);
  });

  it("shows a line again only when it says something else than before", async () => {
    const failing = (forMs: number, failure: string): Waiting => ({
      ...running,
      pending: [
        {
          workflowId: "tiny.rl",
          what: "update",
          queue: "ratchet",
          started: false,
          forMs,
          attempt: Math.round(forMs / 1000),
          failure,
          worker: null,
        },
      ],
    });
    const states = [failing(1_000, "slow"), failing(6_000, "slow"), failing(11_000, "read-only"), running];
    expect((await watched(states, false)).lines).toEqual([
      "waits for update of tiny.rl since 1 s: attempt 1, as the one before failed: slow",
      "waits for update of tiny.rl since 11 s: attempt 11, as the one before failed: read-only",
    ]);
  });

  it("tells when a run has been parked or paused for half a minute", async () => {
    const stay = (state: Waiting) => Array.from({ length: 7 }, () => state);
    expect((await watched(stay(parked), false)).held).toEqual([{ state: "parked", because: parkedLine }]);
    expect((await watched(stay(paused), true)).held).toEqual([{ state: "paused", because: pausedLine }]);
    expect(
      (await watched([...stay(parked).slice(1), running, ...stay(parked).slice(1)], false)).held,
    ).toEqual([]);
  });
});
