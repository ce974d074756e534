/**
 * The device worker around an engine: polls the sampling and the training queue under one device lease, one piece of
 * work at a time. Tests give it an engine that misbehaves, to see that the proofs of durability can fail.
 */
import { join } from "node:path";
import { Context } from "@temporalio/activity";
import { Worker } from "@temporalio/worker";
import { createDeviceActivities } from "../activities/index.ts";
import type { DevicePorts } from "../activities/ports.ts";
import type { Engine, EngineOptions } from "../engine/runtime/client.ts";
import { openStore } from "../store/store.ts";
import { gpuWorkerIdentityPrefix, taskQueues } from "../workflows/names.ts";
import { codecs } from "./ports.ts";
import { serve, workerDefaults, workerIdentity } from "./serve.ts";

/** While work waits for the device it is alive without progress; a beat a second says so. */
const waitingBeatMs = 1_000;
/** The engine reports every block, layer and token; this long without a word means it hangs. */
const engineStallMs = 60_000;

export const serveDevice = (open: (options: EngineOptions) => Engine): Promise<void> =>
  serve(async ({ config, connection }) => {
    const store = await openStore({
      databaseUrl: config.databaseUrl!,
      artifactFolder: config.artifactFolder,
    });
    const engine = open({
      artifacts: store.artifacts,
      threads: config.threads,
      lockFile: join(config.home, "device.lock"),
      stallMs: engineStallMs,
    });
    let last: Promise<unknown> = Promise.resolve();
    const device: DevicePorts["device"] = async (work) => {
      // The engine's messages arrive in the context of whichever activity started it, so this one's is held on to.
      const activity = Context.current();
      const beat = setInterval(() => activity.heartbeat({ waitsFor: "device" }), waitingBeatMs);
      const before = last;
      let release = () => {};
      last = new Promise<void>((resolve) => {
        release = resolve;
      });
      try {
        await before;
        activity.cancellationSignal.throwIfAborted();
        clearInterval(beat);
        return await work(engine, (progress) => activity.heartbeat(progress), activity.cancellationSignal);
      } finally {
        clearInterval(beat);
        release();
      }
    };
    const { sampling, updates } = createDeviceActivities({
      artifacts: store.artifacts,
      ledger: store.ledger,
      codec: codecs(store.artifacts),
      device,
    });
    const options = {
      ...workerDefaults,
      connection,
      namespace: config.temporalNamespace,
      identity: workerIdentity(gpuWorkerIdentityPrefix),
      maxConcurrentActivityTaskExecutions: 1,
    };
    return {
      workers: [
        await Worker.create({ ...options, taskQueue: taskQueues.sample, activities: sampling }),
        await Worker.create({ ...options, taskQueue: taskQueues.train, activities: updates }),
      ],
      close: async () => {
        await engine.close();
        await store.close();
      },
    };
  });
