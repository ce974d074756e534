import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
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

describe("ending a process while the machine's clock jumps", () => {
  afterEach(() => vi.useRealTimers());

  const hour = 3_600_000;
  /** The jump comes once the process has been asked. */
  async function endedWhile(jumpMs: number, onTerm: string, graceMs: number) {
    const child = sleeper(`process.on('SIGTERM', () => { ${onTerm} }); setInterval(() => {}, 1000)`);
    const exit = once(child, "exit");
    await new Promise((resolve) => setTimeout(resolve, 500));
    vi.useFakeTimers({ toFake: ["Date"] });
    const ending = endProcess(identify(child.pid!), "SIGTERM", graceMs);
    vi.setSystemTime(Date.now() + jumpMs);
    await ending;
    return exit;
  }

  it("leaves it its grace when the clock jumps forward", async () => {
    expect(await endedWhile(hour, "setTimeout(() => process.exit(7), 300)", 20_000)).toEqual([7, null]);
  });

  it("still kills it in time when the clock jumps back", async () => {
    expect(await endedWhile(-hour, "", 300)).toEqual([null, "SIGKILL"]);
  });
});
