import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import {
  descendantsOf,
  endProcess,
  findProcess,
  identify,
  isAlive,
  listProcesses,
  sendSignal,
} from "./processes.ts";

const sleeper = (code = "setInterval(() => {}, 1000)") =>
  spawn(process.execPath, ["-e", code], { detached: true, stdio: "ignore" });

describe("a process", () => {
  it("is itself, and listed with its parent and command line", () => {
    const own = identify(process.pid);
    expect(isAlive(own)).toBe(true);
    expect(findProcess(process.pid)).toMatchObject({ ...own, parentPid: process.ppid });
    expect(listProcesses().map(({ pid }) => pid)).toContain(process.pid);
  });

  it("is another one when its pid began at another time, and is then left alone", () => {
    const recycled = { pid: process.pid, startTime: "earlier" };
    expect(isAlive(recycled)).toBe(false);
    expect(sendSignal(recycled, "SIGKILL")).toBe(false);
  });

  it("is gone as soon as it ended, reaped or not", async () => {
    const child = sleeper("");
    const identity = identify(child.pid!);
    await once(child, "exit");
    expect(isAlive(identity)).toBe(false);
    expect(findProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it("has descendants, however deep", () => {
    const entry = (pid: number, parentPid: number) => ({ pid, parentPid, startTime: "", commandLine: "" });
    const all = [entry(2, 1), entry(3, 2), entry(4, 3), entry(5, 1)];
    expect(descendantsOf(2, all).map(({ pid }) => pid)).toEqual([3, 4]);
  });
});

describe("ending a process", () => {
  it("asks first", async () => {
    const child = sleeper();
    const exit = once(child, "exit");
    await endProcess(identify(child.pid!), "SIGTERM", 5_000);
    expect(await exit).toEqual([null, "SIGTERM"]);
  });

  it("kills what does not listen", async () => {
    const child = sleeper(
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write('x')",
    );
    const exit = once(child, "exit");
    // Its handler must be in place before it is asked.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await endProcess(identify(child.pid!), "SIGTERM", 100);
    expect(await exit).toEqual([null, "SIGKILL"]);
  });
});
