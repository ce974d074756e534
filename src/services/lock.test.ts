import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acquireLock, releaseLock, supervisorOf } from "./lock.ts";
import { identify } from "./processes.ts";

const emptyHome = () => mkdtempSync(join(tmpdir(), "ratchet-lock-"));
const writeHolder = (home: string, holder: unknown) =>
  writeFileSync(join(home, "supervisor.json"), JSON.stringify(holder));

describe("the supervisor's lock", () => {
  it("is held from acquire to release, and leaves no other file", () => {
    const home = emptyHome();
    acquireLock(home);
    expect(supervisorOf(home)).toEqual(identify(process.pid));
    expect(readdirSync(home)).toEqual(["supervisor.json"]);
    releaseLock(home);
    expect(supervisorOf(home)).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  it("is refused while its holder lives", () => {
    const home = emptyHome();
    writeHolder(home, identify(process.ppid));
    expect(() => acquireLock(home)).toThrow(
      `${home} is supervised by process ${process.ppid} already; use it, or end it with: npx ratchet down`,
    );
    expect(supervisorOf(home)?.pid).toBe(process.ppid);
  });

  it("is taken over from a holder whose pid is another process by now", () => {
    const home = emptyHome();
    writeHolder(home, { pid: process.ppid, startTime: "long ago" });
    expect(supervisorOf(home)).toBeUndefined();
    acquireLock(home);
    expect(supervisorOf(home)?.pid).toBe(process.pid);
    expect(readdirSync(home)).toEqual(["supervisor.json"]);
  });

  it("is not released by one that does not hold it", () => {
    const home = emptyHome();
    writeHolder(home, identify(process.ppid));
    releaseLock(home);
    expect(supervisorOf(home)?.pid).toBe(process.ppid);
  });

  it("that is damaged is all that is to be deleted", () => {
    const home = emptyHome();
    writeFileSync(join(home, "supervisor.json"), "");
    expect(() => supervisorOf(home)).toThrow(
      `${join(home, "supervisor.json")} is damaged; delete it once no process of that home runs any more; it holds nothing else`,
    );
  });
});
