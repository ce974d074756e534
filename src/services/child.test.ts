import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SupervisedChild } from "./child.ts";
import { findProcess, identify, isAlive, type ProcessEntry } from "./processes.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ratchet-child-"));
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true });
});

/** Each attempt takes ten seconds, and the first ones end with exit code 1, or go on and refuse to become ready. */
function worker(disturbedSince: (time: number) => boolean, failing = 4, refuse = false) {
  let attempts = 0;
  const specification = {
    role: "gpu-worker" as const,
    prepare: async () => {
      vi.advanceTimersByTime(10_000);
      const code = ++attempts > failing || refuse ? "setInterval(() => {}, 1000)" : "process.exit(1)";
      return { file: process.execPath, arguments: ["-e", code], environment: {}, cwd: home };
    },
    becomesReady: async () => {
      if (attempts <= failing && refuse) throw new Error("refused");
      if (attempts <= failing) await new Promise(() => {});
    },
    answers: async () => {},
    channel: false,
    stopSignal: "SIGTERM" as const,
    stopGraceMs: 1_000,
  };
  const events = { onStarted: () => {}, onReady: () => {}, onEnded: () => {}, disturbedSince };
  return new SupervisedChild(home, specification, events);
}

it("a ready process that no longer answers is killed and started again", async () => {
  vi.useRealTimers();
  const started: number[] = [];
  const specification = {
    role: "temporal" as const,
    prepare: async () => ({
      file: process.execPath,
      arguments: ["-e", "setInterval(() => {}, 1000)"],
      environment: {},
      cwd: home,
    }),
    becomesReady: async () => {},
    answers: async () => {
      if (started.length === 1) throw new Error("frozen");
    },
    channel: false,
    stopSignal: "SIGTERM" as const,
    stopGraceMs: 1_000,
  };
  const ended: string[] = [];
  const events = {
    onStarted: ({ pid }: { pid: number }) => void started.push(pid),
    onReady: () => {},
    onEnded: (how: string) => void ended.push(how),
    disturbedSince: () => false,
  };
  const child = new SupervisedChild(home, specification, events, { everyMs: 5, answerMs: 50, silentMs: 50 });
  await child.start();
  await vi.waitUntil(() => started.length === 2, 20_000);
  expect(ended).toEqual(["SIGKILL"]);
  await child.stop();
});

describe("a process that a killed supervisor left", () => {
  const idle = ["-e", "setInterval(() => {}, 1000)"];
  const ofAnother = (command: readonly string[]) => {
    const { pid } = spawn(process.execPath, command, { cwd: home, detached: true, stdio: "ignore" });
    return findProcess(pid!)!;
  };
  const started: number[] = [];
  const successorOf = (left: ProcessEntry, answers = async () => {}, path = home) => {
    vi.useRealTimers();
    started.length = 0;
    const specification = {
      role: "temporal" as const,
      prepare: async () => ({ file: process.execPath, arguments: idle, environment: {}, cwd: home }),
      leftovers: { find: () => [left].filter(isAlive), path },
      becomesReady: async () => {},
      answers,
      channel: false,
      stopSignal: "SIGTERM" as const,
      stopGraceMs: 1_000,
    };
    const onStarted = ({ pid }: { pid: number }) => void started.push(pid);
    const events = { onStarted, onReady: () => {}, onEnded: () => {}, disturbedSince: () => false };
    return new SupervisedChild(home, specification, events);
  };

  it("goes on where it runs the same command and answers, and is then kept running as any other", async () => {
    const left = ofAnother(idle);
    const child = successorOf(left);
    await child.start();
    expect(started).toEqual([left.pid]);
    process.kill(left.pid, "SIGKILL");
    await vi.waitUntil(() => started.length === 2, 20_000);
    const second = identify(started[1]!);
    expect(isAlive(second)).toBe(true);
    await child.stop();
    expect(isAlive(second)).toBe(false);
  });

  it("ends with its new supervisor", async () => {
    const left = ofAnother(idle);
    const child = successorOf(left);
    await child.start();
    await child.stop();
    expect(isAlive(left)).toBe(false);
  });

  it.each([
    ["runs another command", ["-e", "setInterval(() => {}, 2000)"], undefined, undefined],
    ["does not answer", idle, () => Promise.reject(new Error("frozen")), undefined],
    ["no longer has its data", idle, undefined, "/gone"],
  ])("is ended and replaced where it %s", async (_, command, answers, path) => {
    const left = ofAnother(command);
    const child = successorOf(left, answers, path);
    await child.start();
    expect(isAlive(left)).toBe(false);
    expect(started).toHaveLength(1);
    expect(started).not.toContain(left.pid);
    await child.stop();
  });
});

describe("a first start that keeps failing", () => {
  it("is reported once it has gone on for 15 s and three attempts", async () => {
    await expect(worker(() => false).start()).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: expect.stringContaining("gpu-worker does not start (exit code 1)"),
    });
  });

  it("is reported as well where it was killed for never becoming ready", async () => {
    await expect(worker(() => false, 4, true).start()).rejects.toMatchObject({
      type: "ServiceUnavailable",
      message: expect.stringContaining("gpu-worker does not start (never became ready)"),
    });
  });

  it("is tried again where two slow attempts took longer than that", async () => {
    const child = worker(() => false, 2);
    await child.start();
    expect(child.readySince).toBe(performance.now());
    await child.stop();
  });

  it("is tried again for as long as what it needs was away", async () => {
    const asked: number[] = [];
    const child = worker((time) => asked.push(time) <= 4);
    await child.start();
    expect(child.readySince).toBe(performance.now());
    expect(asked).toHaveLength(4);
    await child.stop();
    expect(child.readySince).toBeUndefined();
  });
});
