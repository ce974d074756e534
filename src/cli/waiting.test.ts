import { describe, expect, it } from "vitest";
import { explainWaiting, type Pending, type Waiting } from "./waiting.ts";

const turn: Pending = {
  workflowId: "tiny.rl.i3.s2",
  what: "turn 4",
  queue: "ratchet-sample",
  started: false,
  forMs: 312_000,
  attempt: 1,
  failure: null,
  worker: null,
};
const running: Waiting = {
  state: "running",
  waitsFor: null,
  pending: [turn],
  failingTasks: [],
  polledMsAgo: { ratchet: 10, "ratchet-sample": 20_000 },
};

describe("why a run does not go on", () => {
  it("names a queue that no worker polls", () => {
    expect(explainWaiting("tiny", { ...running, polledMsAgo: { ratchet: 10 } })).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 312 s: no worker polls ratchet-sample",
    );
  });

  it("names the build that alone may take it, where others poll", () => {
    const pinned = { ...turn, build: "4f1c-pinned" };
    const others = { ratchet: 10, "ratchet-sample": 20_000, "ratchet-sample, build 99ab-pinned": 20_000 };
    expect(explainWaiting("tiny", { ...running, pending: [pinned], polledMsAgo: others })).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 312 s: no worker of build 4f1c-pinned polls ratchet-sample, and those of others may not take it; docs/operations.md, Upgrades, says how it goes on",
    );
    const its = { ...others, "ratchet-sample, build 4f1c-pinned": 5_000 };
    expect(explainWaiting("tiny", { ...running, pending: [pinned], polledMsAgo: its })).toMatch(
      /: in the queue of ratchet-sample$/,
    );
  });

  it("does not miss a worker whose hands are full", () => {
    const other = {
      ...turn,
      workflowId: "tiny.rl.i3.s1",
      started: true,
      forMs: 90_000,
      worker: "ratchet-gpu-1",
    };
    const busy = {
      ...running,
      pending: [turn, other],
      polledMsAgo: { ratchet: 10, "ratchet-sample": 90_000 },
    };
    expect(explainWaiting("tiny", busy)).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 312 s: in the queue of ratchet-sample",
    );
  });

  it("says what a parked run waits for and how a paused one goes on, before anything else", () => {
    expect(explainWaiting("tiny", { ...running, waitsFor: "the disk is full", polledMsAgo: {} })).toBe(
      "parked: the disk is full; mend it, then: npx ratchet resume tiny",
    );
    expect(explainWaiting("tiny", { ...running, state: "paused" })).toBe(
      "paused by a person; go on with: npx ratchet resume tiny",
    );
  });

  it("says of a run that was told to hold or to end, and still works, that it was", () => {
    expect(explainWaiting("tiny", { ...running, state: "stopping" })).toBe(
      "stopping: waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 312 s: in the queue of ratchet-sample",
    );
    expect(explainWaiting("tiny", { ...running, state: "pausing", pending: [] })).toBe("pausing");
  });

  it("says that orchestration itself is missing", () => {
    expect(explainWaiting("tiny", { ...running, polledMsAgo: { ratchet: 71_000 } })).toBe(
      "waits for orchestration: no worker polls ratchet",
    );
  });

  it("shows why the tasks of a workflow fail, and what helps where its build is another", () => {
    const task = { workflowId: "tiny.rl", attempt: 7, forMs: 40_000 };
    const failing = (failure: string | null) =>
      explainWaiting("tiny", { ...running, state: undefined, failingTasks: [{ ...task, failure }] });
    expect(failing("a payload in Temporal is encrypted with key 12ab, which this worker does not hold")).toBe(
      "waits for orchestration of tiny.rl since 40 s: attempt 7, as the one before failed: a payload in Temporal is encrypted with key 12ab, which this worker does not hold",
    );
    expect(failing("[TMPRL1100] Nondeterminism error: no such timer")).toBe(
      "waits for orchestration of tiny.rl since 40 s: attempt 7, as the one before failed: [TMPRL1100] Nondeterminism error: no such timer; nothing is lost: docs/operations.md, Upgrades, says how it goes on",
    );
    expect(failing(null)).toBe(
      "waits for orchestration of tiny.rl since 40 s: attempt 7, as the one before was not answered in time",
    );
  });

  it("shows the failure of work that is tried again", () => {
    const failing = { ...turn, workflowId: "tiny.rl", attempt: 3, failure: "Postgres does not answer" };
    expect(explainWaiting("tiny", { ...running, pending: [turn, failing] })).toBe(
      "waits for turn 4 of tiny.rl since 312 s: attempt 3, as the one before failed: Postgres does not answer",
    );
  });

  it("names the longest of the work under way, or the queue it stands in", () => {
    const started = { ...turn, started: true, forMs: 400_000, worker: "ratchet-gpu-7@host" };
    expect(explainWaiting("tiny", { ...running, pending: [turn, started] })).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 400 s: under way on ratchet-gpu-7@host",
    );
    expect(explainWaiting("tiny", running)).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 312 s: in the queue of ratchet-sample",
    );
    expect(explainWaiting("tiny", { ...running, pending: [] })).toBeNull();
    // The clock was put back meanwhile.
    expect(explainWaiting("tiny", { ...running, pending: [{ ...turn, forMs: -3_600_000 }] })).toBe(
      "waits for turn 4 of shard 2 (tiny.rl.i3.s2) since 0 s: in the queue of ratchet-sample",
    );
  });
});
