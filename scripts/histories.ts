/**
 * Adds a release's histories to the replay corpus: small runs that go through every workflow type, with pauses, changed
 * hyper-parameters, a tripwire and a continuation. With --home, the histories that a running home holds instead.
 * `npm run histories -- --release 0.1.0 [--home HOME]`; about a minute without --home.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "@temporalio/client";
import { taskQueues, type WorkflowType } from "../src/workflows/names.ts";
import { withClient } from "../tests/chaos-run.ts";
import { emptyHome, ratchet, tinyExample } from "../tests/experiment-run.ts";
import { recordCorpus } from "../tests/replay-corpus.ts";
import { optionsOf, refuse } from "./options.ts";

const options = optionsOf("histories", { release: undefined, home: undefined });
const { release = "" } = options;
if (!/^\d+\.\d+\.\d+$/.test(release))
  refuse("histories", `--release '${release}' is no version such as 0.1.0`);

const example = (name: string) =>
  JSON.parse(
    readFileSync(fileURLToPath(new URL(`../temporal/examples/${name}.json`, import.meta.url)), "utf8"),
  );
const run = (client: Client, type: WorkflowType, workflowId: string, input: object) =>
  client.workflow.start(type, { workflowId, taskQueue: taskQueues.workflows, args: [input] });

/** More iterations than one execution has, held once and given another learning rate; it builds its environments itself. */
async function steered(client: Client): Promise<void> {
  const { training, ...rest } = example("train");
  const input = { ...rest, id: "steered", training: { ...training, iterations: 12 } };
  const handle = await run(client, "trainPolicy", "steered", input);
  const memoOf = async () => (await handle.describe()).memo ?? {};
  while (!("weightsSha256" in (await memoOf()))) await sleep(100);
  await handle.signal("pause");
  await handle.executeUpdate("changeHyperparameters", { args: [{ learningRate: 5e-4 }] });
  await handle.signal("resume");
  await handle.result();
}

/** The mean KL is over the limit in the second iteration; once it recovers by itself. */
async function tripped(client: Client): Promise<void> {
  const { training, ...rest } = example("train");
  const tripwires = { maxKl: 1e-12, recovery: "skipIteration" };
  const input = { ...rest, id: "tripped", training: { ...training, iterations: 3, tripwires } };
  await (await run(client, "trainPolicy", "tripped", input)).result();
}

async function calibration(client: Client): Promise<void> {
  const input = { ...example("calibrate"), id: "calibration", policy: "tiny" };
  const settings = { samples: 2, blindSamples: 1, maxTurns: 2, shardSize: 8 };
  const handle = await run(client, "calibrateEnvironments", "calibration", {
    ...input,
    calibration: settings,
  });
  await handle.result();
}

const inHome = async (home: string) => {
  const counts = await withClient(home, (client) => recordCorpus(client, release));
  process.stdout.write(`${JSON.stringify({ release, histories: counts })}\n`);
};

if (options.home !== undefined) await inHome(options.home);
else {
  const { home, remove } = emptyHome();
  try {
    const up = ratchet(home, "up");
    if (up.status !== 0) throw new Error(up.stderr);
    await withClient(home, async (client) => {
      const tiny = JSON.parse(readFileSync(tinyExample, "utf8"));
      await (await run(client, "experiment", "experiment-tiny", tiny)).result();
      await steered(client);
      await tripped(client);
      await calibration(client);
    });
    await inHome(home);
  } finally {
    ratchet(home, "down");
    remove();
  }
}
