import { noopMetricMeter } from "@temporalio/common";
import { describe, expect, it, vi } from "vitest";
import { RatchetError } from "../core/errors.ts";
import type { KnownUpdate, LineageRecord, RunStore } from "../core/ports/runs.ts";
import type { StepLedger } from "../core/ports/steps.ts";
import { createMeters, meterEngine, meterLedger, meterRestoring, meterRuns, meterSandbox } from "./meters.ts";

/** Every counter writes what is added to it, as `name labels +value`. */
function counting() {
  const counted: string[] = [];
  const meters = createMeters({
    ...noopMetricMeter,
    withTags: noopMetricMeter.withTags,
    createGauge: noopMetricMeter.createGauge,
    createHistogram: noopMetricMeter.createHistogram,
    createCounter: (name) => ({
      ...noopMetricMeter.createCounter(name),
      add: (value, tags) => void counted.push(`${name} ${Object.values(tags ?? {}).join(",")} +${value}`),
    }),
  });
  return { counted, meters };
}

const step = { key: "k", kind: "update", run: "tiny", branch: 0, iteration: 2 };
const lineage: LineageRecord = {
  run: "tiny",
  stage: "rl",
  branch: 0,
  iteration: 2,
  stepKey: "k",
  parent: "a",
  checkpoint: { kind: "checkpoint", hash: "b", bytes: 1_000 },
  weightsSha256: "c",
  optimizerSha256: "d",
  metrics: { rewardMean: -0.25, loss: Number.NaN, kl: 0.5 },
};
const ledger = (change: Partial<StepLedger>): StepLedger => ({
  claim: async () => ({ state: "claimed", fence: 1 }),
  countFailure: async () => 1,
  commit: async (_key, _fence, result) => ({ result, isOwn: true }),
  ...change,
});

describe("a metered ledger", () => {
  it("counts what is committed, and shows the newest update, negative rewards too", async () => {
    const { counted, meters } = counting();
    const metered = meterLedger(ledger({}), meters);
    await metered.claim(step);
    expect(await metered.commit("k", 1, "result", { lineage })).toEqual({ result: "result", isOwn: true });
    expect(counted).toEqual(["ratchet_steps_committed update +1", "ratchet_checkpoint_bytes  +1000"]);
    const text = meters.gauges.text();
    expect(text).toContain('ratchet_reward_mean{run="tiny",stage="rl"} -0.25\n');
    expect(text).toContain('ratchet_iteration{run="tiny",stage="rl"} 2\n');
    expect(text).not.toContain("ratchet_loss{");
    expect(text).toMatch(/ratchet_event_loop_delay_seconds\{quantile="0.99"\} \d/);
  });

  it("counts what was committed before", async () => {
    const { counted, meters } = counting();
    await meterLedger(ledger({ claim: async () => ({ state: "committed", result: 1 }) }), meters).claim(step);
    expect(counted).toEqual(["ratchet_steps_found update +1"]);
  });

  it("counts an attempt that comes when another has committed as too late, and none of what it made", async () => {
    const { counted, meters } = counting();
    const first = { result: "first", isOwn: false };
    const metered = meterLedger(ledger({ commit: async () => first }), meters);
    await metered.claim(step);
    expect(await metered.commit("k", 1, "late", { lineage })).toEqual(first);
    expect(counted).toEqual(["ratchet_stale_commits_refused update +1"]);
    expect(meters.gauges.text()).not.toContain("ratchet_iteration{");
  });

  it("counts failures and stale commits, and lets them through", async () => {
    const { counted, meters } = counting();
    const stale = new RatchetError("StaleFence", "overtaken");
    const metered = meterLedger(ledger({ commit: () => Promise.reject(stale) }), meters);
    await metered.claim(step);
    await expect(metered.commit("k", 1, null)).rejects.toBe(stale);
    expect(await metered.countFailure("k")).toBe(1);
    expect(counted).toEqual(["ratchet_stale_commits_refused update +1", "ratchet_step_failures update +1"]);
  });
});

it("a trip and a checkpoint made again are counted once they are done", async () => {
  const { counted, meters } = counting();
  const trip = {
    measure: "loss",
    value: null,
    limit: null,
    blames: "policy",
    sentence: "loss is NaN",
  } as const;
  const record = { ...lineage, trip, action: "lowerLearningRate", outcome: "again" } as const;
  await meterRuns({ putTrip: async () => {} } as unknown as RunStore, meters).putTrip(record);
  const lost = { run: "tiny", stage: "rl" } as KnownUpdate;
  await meterRestoring(async () => {}, meters)(lost);
  const failing = meterRestoring(() => Promise.reject(new Error("no disk")), meters);
  await expect(failing(lost)).rejects.toThrow("no disk");
  expect(counted).toEqual(["ratchet_trips loss,lowerLearningRate +1", "ratchet_checkpoints_restored  +1"]);
});

it("a metered sandbox counts calls by their outcome", async () => {
  const { counted, meters } = counting();
  const outcome = (kind: "returned" | "raised") => ({ kind, text: "", fuel: 1 });
  const sandbox = {
    run: async () => [outcome("returned"), outcome("raised"), outcome("returned")],
    close: async () => {},
  };
  await meterSandbox(sandbox, meters).run([]);
  expect(counted).toEqual(["ratchet_tool_calls returned +2", "ratchet_tool_calls raised +1"]);
});

it("a metered engine tells the work on files from the rest", async () => {
  vi.useFakeTimers();
  const recorded: number[] = [];
  const { meters } = counting();
  Object.assign(meters, { deviceFiles: { record: (value: number) => recorded.push(value) } });
  const engine = meterEngine(
    {
      sample: async (_policy, _requests, _options, onProgress) => {
        const pass = (unit: string, ms: number) => {
          onProgress({ unit, count: 0, total: 0 });
          vi.advanceTimersByTime(ms);
        };
        pass("seconds of verifying a checkpoint", 300);
        pass("seconds of reading weights", 200);
        pass("token step", 5_000);
        pass("seconds of writing the checkpoint", 1_500);
        return [];
      },
      update: () => Promise.reject(new Error("not asked for")),
    },
    meters,
  );
  const ref = { kind: "checkpoint", hash: "a", bytes: 1 };
  const options = { temperature: 1, topP: 1, maxNewTokens: 1 };
  await engine.sample(ref, [], options, () => {}, new AbortController().signal);
  expect(recorded).toEqual([2]);
  vi.useRealTimers();
});

it("an update is not lost to a clock that is put back while it is computed", async () => {
  vi.useFakeTimers({ now: 1e12 });
  const { meters } = counting();
  const recorded: number[] = [];
  // As the SDK does.
  const record = (value: number) => {
    if (value < 0) throw new Error(`MetricHistogram value must be non-negative (got ${value})`);
    recorded.push(value);
  };
  Object.assign(meters, { deviceFiles: { record }, updating: { record } });
  const updated = { metrics: { responseTokens: 1, packedTokens: 1 } };
  const engine = meterEngine(
    {
      sample: () => Promise.reject(new Error("not asked for")),
      update: async (_request, onProgress) => {
        onProgress({ unit: "seconds of writing the checkpoint", count: 0, total: 0 });
        vi.setSystemTime(1e12 - 3_600_000);
        vi.advanceTimersByTime(2_000);
        return updated as never;
      },
    },
    meters,
  );
  expect(await engine.update({} as never, () => {}, new AbortController().signal)).toBe(updated);
  expect(recorded).toEqual([2, 2]);
  vi.useRealTimers();
});
