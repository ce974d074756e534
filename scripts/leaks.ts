/**
 * Does an engine that trains and samples for ever keep its memory? `npm run leaks -- [--updates 1000] [--steps 10]
 * [--policy FOLDER] [--json]`: so many updates of so many optimizer steps, each followed by samples of the new policy (a
 * swap), of the tiny policy or one in a Hugging Face folder. Exit 1 where memory grows by more than 2 % after the first
 * fifth, or a session is not released.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { createEngineWork } from "../src/engine/runtime/work.ts";
import { engineEnvironment } from "../src/services/worker.ts";
import { countSessions } from "../tests/support/count-sessions.ts";
import { endlessTraining } from "../tests/support/endless-training.ts";
import { optionsOf, refuse } from "./options.ts";

const options = optionsOf("leaks", {
  updates: 1_000,
  steps: 10,
  policy: undefined,
  json: false,
  inner: false,
});
const warmUpShare = 0.2;
/** Two samples after the warm-up and two at the end, at least. */
const fewestUpdates = 10;
if (options.updates < fewestUpdates)
  refuse(
    "leaks",
    `--updates ${options.updates} is too few to see memory grow; give ${fewestUpdates} or more`,
  );
const growthLimit = 0.02;
const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);

/** Of the middle element: one sample taken before a collection of garbage says little. */
const median = (of: readonly number[]) => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)]!;

async function measure(root: string) {
  const sessions = countSessions();
  const tiny = options.policy === undefined;
  const folder = options.policy ?? join(root, "base");
  if (tiny) await prepareTiny(folder, 0);
  const shape = tiny
    ? { steps: options.steps, rows: 4, promptTokens: 400, responseTokens: 24 }
    : { steps: options.steps, rows: 4, promptTokens: 200, responseTokens: 16 };
  const engine = createEngineWork(2, "cpu");
  const next = await endlessTraining(engine, { hash: "base", folder }, root, shape);
  const { updates } = options;
  const residentBytes: number[] = [];
  const start = performance.now();
  for (let done = 1; done <= updates; done++) {
    await next();
    residentBytes.push(process.memoryUsage.rss());
    if (done % Math.ceil(updates / 20) === 0) {
      const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
      process.stderr.write(
        `${done} updates, ${Math.round((performance.now() - start) / 1000)} s: resident ${mebibytes(rss)} MiB, of it JavaScript ${mebibytes(heapUsed)} and tensors ${mebibytes(arrayBuffers)}; sessions made ${sessions.made}, released ${sessions.released}\n`,
      );
    }
  }
  const system = process.cpuUsage();
  await engine.runtime.release();
  const fifth = Math.floor(updates * warmUpShare);
  const [after, end] = [residentBytes.slice(fifth, 2 * fifth), residentBytes.slice(-fifth)].map(median);
  return {
    policy: options.policy ?? "tiny",
    steps: updates * shape.steps,
    swaps: updates,
    seconds: Math.round((performance.now() - start) / 1000),
    cpuSeconds: { user: Math.round(system.user / 1e6), system: Math.round(system.system / 1e6) },
    residentMiB: {
      afterWarmUp: mebibytes(after!),
      atTheEnd: mebibytes(end!),
      most: mebibytes(Math.max(...residentBytes)),
    },
    growth: end! / after! - 1,
    sessions,
  };
}

if (!options.inner) {
  // The engine's memory depends on how the worker that starts it sets the allocator.
  const program = ["--import", "tsx", fileURLToPath(import.meta.url), ...process.argv.slice(2), "--inner"];
  const { status } = spawnSync(process.execPath, program, {
    stdio: "inherit",
    env: { ...engineEnvironment, ...process.env },
  });
  process.exit(status ?? 1);
}
const root = mkdtempSync(join(tmpdir(), "ratchet-leaks-"));
try {
  const result = await measure(root);
  const { sessions, growth } = result;
  process.stdout.write(`${options.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
  process.exitCode = growth <= growthLimit && sessions.released === sessions.made ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
