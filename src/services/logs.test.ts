import { appendFileSync, closeSync, mkdtempSync, readFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { capLogs, lastLogLine, logPath, maxLogBytes, openLog } from "./logs.ts";

describe("a child's log", () => {
  it("is kept in two parts once it is too long, while its writer goes on", () => {
    const home = mkdtempSync(join(tmpdir(), "ratchet-logs-"));
    const descriptor = openLog(home, "postgres");
    appendFileSync(logPath(home, "postgres"), "x".repeat(maxLogBytes + 1));
    capLogs(home);
    writeSync(descriptor, "later\n");
    closeSync(descriptor);
    expect(readFileSync(logPath(home, "postgres"), "utf8")).toBe("later\n");
    expect(readFileSync(`${logPath(home, "postgres")}.1`).length).toBe(maxLogBytes + 1);
  });

  it("is left alone while it is short", () => {
    const home = mkdtempSync(join(tmpdir(), "ratchet-logs-"));
    closeSync(openLog(home, "temporal"));
    appendFileSync(logPath(home, "temporal"), "short");
    capLogs(home);
    expect(readFileSync(logPath(home, "temporal"), "utf8")).toBe("short");
  });

  it("gives its last line that says something", () => {
    const home = mkdtempSync(join(tmpdir(), "ratchet-logs-"));
    closeSync(openLog(home, "cpu-worker"));
    expect(lastLogLine(home, "cpu-worker")).toBe("");
    appendFileSync(logPath(home, "cpu-worker"), `first\n  ${"y".repeat(300)}  \n\n`);
    expect(lastLogLine(home, "cpu-worker")).toBe("y".repeat(200));
  });
});
