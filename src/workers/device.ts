/**
 * The device worker around an engine: polls the sampling and the training queue under one device lease, one piece of
 * work at a time. Tests give it an engine that misbehaves, to see that the proofs of durability can fail.
 */
import { join } from "node:path";
import { Worker } from "@temporalio/worker";
import { createDeviceActivities } from "../activities/index.ts";
import { whileAlive } from "../activities/step.ts";
import type { PolicySampler, PolicyTrainer } from "../core/ports/policy.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { Engine, EngineOptions } from "../engine/runtime/client.ts";
import { describeRunNumerics, type Numerics, numericsMismatch } from "../engine/runtime/numerics.ts";
import { gpuWorkerIdentityPrefix, taskQueues } from "../workflows/names.ts";
import { partLog } from "./activity-log.ts";
import { inTurns } from "./device-turns.ts";
import { meterEngine, meterLedger, meterRestoring } from "./meters.ts";
import { codecs } from "./ports.ts";
import { serve } from "./serve.ts";
import { openWorkersStore } from "./store.ts";

/** The engine reports every block, layer and token; this long without a word means it hangs. */
const engineStallMs = 30_000;

export const serveDevice = (open: (options: EngineOptions) => Engine): Promise<void> =>
  serve(
    "gpu-worker",
    gpuWorkerIdentityPrefix,
    async ({ config, log, meters, ending, common, forActivities }) => {
      const store = await openWorkersStore(config, log);
      const engine = open({
        artifacts: store.artifacts,
        threads: config.threads,
        ...(config.prefixCacheBytes !== undefined && { prefixCacheBytes: config.prefixCacheBytes }),
        lockFile: join(config.home, "device.lock"),
        stallMs: engineStallMs,
        log: partLog(log, "engine"),
      });
      const device = inTurns(meterEngine(engine, meters), ending, (waitedMs) =>
        meters.deviceWait.record(waitedMs / 1_000),
      );
      const { sampling, updates } = createDeviceActivities({
        artifacts: store.artifacts,
        ledger: meterLedger(store.ledger, meters),
        codec: codecs(store.artifacts),
        device: async (run, work) => {
          const changed = await whileAlive(() => sameNumerics(store.runs, run, config.threads));
          return device((turn, onProgress, signal) =>
            work(changed ? acceptingNumerics(turn) : turn, onProgress, signal),
          );
        },
      });
      const options = {
        ...common,
        ...forActivities,
        maxConcurrentActivityTaskExecutions: 1,
      };
      return {
        workers: [
          await Worker.create({ ...options, taskQueue: taskQueues.sample, activities: sampling }),
          await Worker.create({
            ...options,
            taskQueue: taskQueues.train,
            activities: { ...updates, restoreUpdate: meterRestoring(updates.restoreUpdate, meters) },
          }),
        ],
        askDatabase: store.askDatabase,
        close: async () => {
          await engine.close();
          await store.close();
        },
      };
    },
  );

/**
 * Samples of another processor would be others, and nobody would know: the run goes on where it began, or where a person
 * let it go on. Gives whether one did.
 */
async function sameNumerics(runs: RunStore, run: string, threads: number): Promise<boolean> {
  const present = describeRunNumerics(threads);
  const { numerics, change } = await runs.holdNumerics(run, { ...present });
  const mismatch = numericsMismatch(numerics as unknown as Numerics, present);
  if (mismatch) throw mismatch;
  return change === "given";
}

const acceptingNumerics = ({
  sample,
  update,
}: PolicySampler & PolicyTrainer): PolicySampler & PolicyTrainer => ({
  sample,
  update: (request, ...rest) => update({ ...request, acceptNumerics: true }, ...rest),
});
