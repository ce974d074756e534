import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApplicationFailure, noopMetricMeter } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { activityInterceptor } from "./activity-log.ts";
import { createLogger } from "./logger.ts";
import { createMeters } from "./meters.ts";

const opened: number[] = [];
function logTo(path: string) {
  const descriptor = fs.openSync(path, "a");
  opened.push(descriptor);
  return createLogger("cpu", { logLevel: "info" }, descriptor);
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const descriptor of opened.splice(0)) fs.closeSync(descriptor);
});

/** Linux has a file that is always full. */
describe.skipIf(!fs.existsSync("/dev/full"))("a worker whose log cannot be written", () => {
  const environment = () => {
    const interceptor = activityInterceptor(logTo("/dev/full"), createMeters(noopMetricMeter));
    return new MockActivityEnvironment({ activityType: "sampleTurn" }, { interceptors: [interceptor] });
  };

  it("does its work", async () => {
    const work = vi.fn(async (_: unknown) => "done");
    expect(await environment().run(work, {})).toBe("done");
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("fails with the failure of the work, so that a full disk parks", async () => {
    const full = ApplicationFailure.nonRetryable("the disk of the store is full", "StorageFull");
    const failing = async (_: unknown) => {
      throw full;
    };
    await expect(environment().run(failing, {})).rejects.toBe(full);
  });
});

it("what could not be logged for a while is logged afterwards, as far as 1 MiB reaches", () => {
  const path = join(fs.mkdtempSync(join(tmpdir(), "ratchet-logger-")), "cpu.log");
  const log = logTo(path);
  vi.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  });
  for (let line = 0; line < 1200; line++) log.info({ line }, "x".repeat(1000));
  vi.restoreAllMocks();
  log.info({ line: 1200 }, "x".repeat(1000));
  log.info({ line: 1201 }, "x".repeat(1000));
  const written = fs.readFileSync(path, "utf8").trimEnd().split("\n");
  const lines = written.map((text) => (JSON.parse(text) as { line: number }).line);
  const kept = lines.length - 1;
  expect(kept).toBeGreaterThan(900);
  expect(kept).toBeLessThan(1049);
  expect(lines).toEqual([...Array(kept).keys(), 1201]);
});
