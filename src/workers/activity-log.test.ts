import { Writable } from "node:stream";
import { noopMetricMeter } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { expect, it } from "vitest";
import { activityInterceptor } from "./activity-log.ts";
import { createMeters } from "./meters.ts";

function logged() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const { time: _, queuedMs: __, durationMs: ___, ...line } = JSON.parse(chunk.toString());
      lines.push(line);
      done();
    },
  });
  const meters = createMeters(noopMetricMeter);
  const log = pino({ level: "info", base: null, formatters: { level: (level) => ({ level }) } }, stream);
  const environment = new MockActivityEnvironment(
    {
      activityType: "sampleTurn",
      attempt: 2,
      workflowExecution: { workflowId: "tiny.rl.i3.s1", runId: "r" },
    },
    { interceptors: [activityInterceptor(log, meters)] },
  );
  return { lines, environment };
}

const place = {
  activity: "sampleTurn",
  attempt: 2,
  workflowId: "tiny.rl.i3.s1",
  run: "tiny",
  stage: "rl",
  iteration: 3,
  branch: 0,
  turn: 4,
  shard: 1,
};
const input = {
  context: { run: "tiny", stage: "rl", branch: 0, seed: 9, iteration: 3 },
  turn: 4,
  prompt: "confidential",
};

it("an activity's start and end are told with its place, and nothing else of its input", async () => {
  const { lines, environment } = logged();
  expect(await environment.run(async (_: unknown) => "done", input)).toBe("done");
  expect(lines).toEqual([
    { level: "info", ...place, event: "started", msg: "sampleTurn started" },
    { level: "info", ...place, event: "ended", msg: "sampleTurn ended" },
  ]);
});

it("a failure is told with its reason", async () => {
  const { lines, environment } = logged();
  const failing = async (_: unknown) => {
    throw new TypeError("no such field");
  };
  await expect(environment.run(failing, input)).rejects.toThrow("no such field");
  expect(lines[1]).toEqual({
    level: "warn",
    ...place,
    event: "failed",
    failure: "TypeError",
    reason: "no such field",
    msg: "sampleTurn failed",
  });
});
