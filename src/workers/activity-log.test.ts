import { Writable } from "node:stream";
import { noopMetricMeter } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import type { ActivityInterceptors } from "@temporalio/worker";
import pino from "pino";
import { expect, it } from "vitest";
import { activityInterceptor, partLog } from "./activity-log.ts";
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
  let made: ActivityInterceptors | undefined;
  const environment = new MockActivityEnvironment(
    {
      activityType: "sampleTurn",
      attempt: 2,
      workflowExecution: { workflowId: "tiny.rl.i3.s1", runId: "r" },
    },
    {
      interceptors: [
        (context) => {
          made = activityInterceptor(log, meters)(context);
          return made;
        },
      ],
    },
  );
  return { lines, environment, sandbox: partLog(log, "sandbox"), interceptor: () => made };
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

it.each([
  ["a person's input", { id: "tiny", stage: "rl", seed: 9 }],
  ["a trip", { trip: { run: "tiny", stage: "rl", trip: { sentence: "confidential" } } }],
])("the run of %s is told too", async (_, given) => {
  const { lines, environment } = logged();
  await environment.run(async (_: unknown) => "done", given);
  expect(lines[0]).toMatchObject({ run: "tiny", stage: "rl" });
  expect(JSON.stringify(lines)).not.toContain("confidential");
});

it("what is called an id and could be none is not told", async () => {
  const { lines, environment } = logged();
  await environment.run(async (_: unknown) => "done", { id: "hf_Secret Of Mine" });
  expect(lines[0]).not.toHaveProperty("run");
});

it("what a part of the worker says is told with the activity that it works for, and without where it works for none", async () => {
  const { lines, environment, sandbox } = logged();
  const work = async (_: unknown) => {
    await new Promise((resolve) => setImmediate(resolve));
    sandbox("a child was lost");
  };
  await environment.run(work, input);
  sandbox("no namespaces here");
  expect(lines[1]).toEqual({ level: "info", part: "sandbox", ...place, msg: "a child was lost" });
  expect(lines[3]).toEqual({ level: "info", part: "sandbox", msg: "no namespaces here" });
});

it("Temporal's own lines about an activity carry its place too", async () => {
  const { environment, interceptor } = logged();
  const told = await environment.run(async (_: unknown) => {
    const { outbound } = interceptor()!;
    return outbound!.getLogAttributes!({ taskQueue: "q" }, (attributes) => attributes);
  }, input);
  expect(told).toEqual({ taskQueue: "q", ...place });
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
