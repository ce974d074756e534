/**
 * What a worker counts of the domain, beside what Temporal's SDK counts of itself. The ports are wrapped where they are
 * constructed, so nothing that does the work knows that it is measured.
 */
import type { MetricMeter } from "@temporalio/common";
import type { UpdateActivities } from "../activities/index.ts";
import { RatchetError } from "../core/errors.ts";
import type { OnProgress, PolicySampler, PolicyTrainer } from "../core/ports/policy.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { Sandbox } from "../core/ports/sandbox.ts";
import type { StepLedger } from "../core/ports/steps.ts";
import { isBeaten } from "../engine/runtime/beat.ts";
import { createGauges } from "./gauges.ts";

/** Of `performance.now()`: the SDK refuses negative durations, which a clock that is put back would give. */
const secondsPerMs = 1e-3;
/** From a token step to the longest update, in seconds. */
export const durationBuckets = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1_200, 7_200];

type Engine = PolicySampler & PolicyTrainer;
export type Meters = ReturnType<typeof createMeters>;

export function createMeters(meter: MetricMeter) {
  const counter = (name: string, help: string) => meter.createCounter(`ratchet_${name}`, "", help);
  const seconds = (name: string, help: string) =>
    meter.createHistogram(`ratchet_${name}_seconds`, "float", "", help);
  return {
    retries: counter("activity_retries", "Attempts after the first: work taken up again."),
    stepsCommitted: counter("steps_committed", "Steps whose result was committed."),
    stepsFound: counter("steps_found", "Steps that were committed already when an attempt claimed them."),
    stepFailures: counter("step_failures", "Failures of a step's own work."),
    staleCommits: counter("stale_commits_refused", "Commits of attempts that had been overtaken."),
    sampledTokens: counter("sampled_tokens", "Tokens the policy said."),
    trainedTokens: counter("trained_tokens", "Response tokens of updates."),
    packedTokens: counter("packed_tokens", "Unique tokens computed by updates, after packing."),
    sampling: seconds("sampling", "A turn of a shard on the engine."),
    updating: seconds("updating", "An update on the engine."),
    deviceFiles: seconds(
      "device_files",
      "Of sampling and updating: policies and checkpoints read, verified, written.",
    ),
    deviceWait: seconds("device_wait", "Work that waited for other work on the device."),
    toolCalls: counter("tool_calls", "Tool calls in the sandbox, by outcome."),
    tools: seconds("tool_batch", "A batch of tool calls in the sandbox."),
    trips: counter("trips", "Updates that a tripwire kept from being committed, by what was done about it."),
    restored: counter("checkpoints_restored", "Lost checkpoints that were made again."),
    checkpointBytes: counter("checkpoint_bytes", "Bytes of checkpoints that updates made."),
    /** What counts down, too. */
    gauges: createGauges(),
  };
}

export function meterLedger(ledger: StepLedger, meters: Meters): StepLedger {
  const kinds = new Map<string, string>();
  return {
    ...ledger,
    claim: async (step, progress) => {
      const claim = await ledger.claim(step, progress);
      if (claim.state === "committed") meters.stepsFound.add(1, { kind: step.kind });
      else kinds.set(step.key, step.kind);
      return claim;
    },
    countFailure: async (key) => {
      meters.stepFailures.add(1, { kind: kinds.get(key) ?? "unknown" });
      return ledger.countFailure(key);
    },
    commit: async (key, fence, result, alongside) => {
      const kind = kinds.get(key) ?? "unknown";
      try {
        const committed = await ledger.commit(key, fence, result, alongside);
        kinds.delete(key);
        (committed.isOwn ? meters.stepsCommitted : meters.staleCommits).add(1, { kind });
        if (committed.isOwn && alongside?.lineage !== undefined) {
          meters.checkpointBytes.add(alongside.lineage.checkpoint.bytes);
          meters.gauges.show(alongside.lineage);
        }
        return committed;
      } catch (error) {
        if (error instanceof RatchetError && error.type === "StaleFence")
          meters.staleCommits.add(1, { kind });
        throw error;
      }
    },
  };
}

export const meterRuns = (runs: RunStore, meters: Meters): RunStore => ({
  ...runs,
  putTrip: async (record) => {
    await runs.putTrip(record);
    const { trip, action } = record;
    meters.trips.add(1, { measure: trip.measure, action });
  },
});

export const meterRestoring =
  (restore: UpdateActivities["restoreUpdate"], meters: Meters): UpdateActivities["restoreUpdate"] =>
  async (known) => {
    await restore(known);
    meters.restored.add(1);
  };

export function meterEngine(engine: Engine, meters: Meters): Engine {
  return {
    sample: async (policy, requests, options, onProgress, signal) => {
      const startedAt = performance.now();
      const files = timedFiles(onProgress);
      const responses = await engine.sample(policy, requests, options, files.onProgress, signal);
      meters.deviceFiles.record(files.ms() * secondsPerMs);
      meters.sampling.record((performance.now() - startedAt) * secondsPerMs);
      meters.sampledTokens.add(responses.flat().reduce((sum, { tokens }) => sum + tokens.length, 0));
      return responses;
    },
    update: async (request, onProgress, signal) => {
      const startedAt = performance.now();
      const files = timedFiles(onProgress);
      const updated = await engine.update(request, files.onProgress, signal);
      meters.deviceFiles.record(files.ms() * secondsPerMs);
      meters.updating.record((performance.now() - startedAt) * secondsPerMs);
      meters.trainedTokens.add(updated.metrics.responseTokens);
      meters.packedTokens.add(updated.metrics.packedTokens);
      return updated;
    },
  };
}

/** How long work on files goes on: from its first word to the next of something else, or to the end. */
function timedFiles(onProgress: OnProgress): { readonly onProgress: OnProgress; ms(): number } {
  let total = 0;
  let since: number | undefined;
  const ms = () => total + (since === undefined ? 0 : performance.now() - since);
  return {
    ms,
    onProgress: (done) => {
      if (isBeaten(done.unit)) since ??= performance.now();
      else {
        total = ms();
        since = undefined;
      }
      onProgress(done);
    },
  };
}

export function meterSandbox(sandbox: Sandbox, meters: Meters): Sandbox {
  return {
    ...sandbox,
    run: async (invocations, signal, surroundings) => {
      const startedAt = performance.now();
      const outcomes = await sandbox.run(invocations, signal, surroundings);
      meters.tools.record((performance.now() - startedAt) * secondsPerMs);
      const counts = new Map<string, number>();
      for (const { kind } of outcomes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      for (const [outcome, count] of counts) meters.toolCalls.add(count, { outcome });
      return outcomes;
    },
  };
}
