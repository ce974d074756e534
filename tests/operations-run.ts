/** Services of a home of their own, and small experiments on the tiny policy that last long enough to be operated. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, Connection } from "@temporalio/client";
import { readConfig } from "../src/config/config.ts";
import type { ExperimentInput, ReinforcementSettings } from "../src/core/experiment/input.ts";
import type { RunRecord } from "../src/core/ports/runs.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { launcher } from "../src/services/launcher.ts";
import { readRecord } from "../src/services/record.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { emptyHome, ratchet, tinyExample } from "./experiment-run.ts";

export interface Operated {
  readonly home: string;
  readonly client: Client;
  readonly store: Store;
  /** The command's standard output; throws what it says where it fails. */
  command(...args: string[]): string;
  /** Starts the experiment and leaves it to itself. */
  begin(input: ExperimentInput): Promise<void>;
  /** The run as stored, once its workflow has ended. */
  ended(run: string): Promise<RunRecord>;
  close(): Promise<void>;
}

/** Without a device worker, where asked: sampling and updates then wait. */
export async function operate({ device = true } = {}): Promise<Operated> {
  const { home, remove } = emptyHome();
  const services = device ? undefined : await superviseWithoutDevice(home);
  const up = ratchet(home, "up");
  if (up.status !== 0) throw new Error(up.stderr);
  const config = readConfig({ ...process.env, RATCHET_HOME: home });
  const endpoints = endpointsOf(config, readRecord(home))!;
  const connection = await Connection.connect(endpoints.temporalConnection);
  const client = new Client({ connection, namespace: endpoints.temporalNamespace });
  const store = await openStore({
    databaseUrl: endpoints.databaseUrl,
    artifactFolder: config.artifactFolder,
  });
  return {
    home,
    client,
    store,
    command: (...args) => {
      const { status, stdout, stderr } = ratchet(home, ...args);
      if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
      return stdout;
    },
    begin: async (input) => {
      await client.workflow.start("experiment", {
        workflowId: `experiment-${input.id}`,
        taskQueue: "ratchet",
        args: [input],
      });
    },
    ended: async (run) => {
      await client.workflow.getHandle(`experiment-${run}`).result();
      return (await store.runs.getRun(run))!;
    },
    close: async () => {
      await store.close();
      await connection.close();
      ratchet(home, "down");
      if (services !== undefined && services.exitCode === null) await once(services, "close");
      remove();
    },
  };
}

async function superviseWithoutDevice(home: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("fixtures/faults/supervise.ts", import.meta.url));
  const services = spawn(process.execPath, [launcher, program], {
    env: { ...process.env, RATCHET_HOME: home, FAULT: "late" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(services.stdout, "data");
  return services;
}

/** Build, cold start, and reinforcement learning of as many iterations: about a second each. */
export function trainingOnly(
  id: string,
  iterations: number,
  changed: Partial<ReinforcementSettings> = {},
): ExperimentInput {
  const tiny = JSON.parse(readFileSync(tinyExample, "utf8")) as ExperimentInput;
  const kept = ["train-environments", "cold-start", "rl"];
  const stages = Object.fromEntries(Object.entries(tiny.stages).filter(([stage]) => kept.includes(stage)));
  const rl = stages.rl!;
  if (rl.type !== "train") throw new Error("tiny.json has no training 'rl'");
  // Trained for longer than tiny.json asks, the policy goes further from its reference than the usual limit lets it; 10 is off.
  const tripwires = { maxKl: 10, ...changed.tripwires };
  const training = { ...rl.training, iterations, ...changed, tripwires } as ReinforcementSettings;
  return { ...tiny, id, stages: { ...stages, rl: { ...rl, training } } };
}

export interface Trained {
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
}

/** The `rl` stage of a finished run once more, by hand and under another id, so that nothing is taken from before. */
export async function trainedAlone({ client, store }: Operated, input: ExperimentInput): Promise<Trained> {
  const stages = await store.runs.getStages(input.id);
  const resultOf = (stage: string) => stages.find((found) => found.stage === stage)!.result as never;
  const { checkpoint } = resultOf("cold-start") as { checkpoint: { hash: string } };
  const { set } = resultOf("train-environments") as { set: { hash: string } };
  const rl = input.stages.rl!;
  if (rl.type !== "train") throw new Error("rl is a training");
  const id = `${input.id}-alone`;
  const job = { id, stage: "rl", seed: input.seed, threads: input.threads, training: rl.training };
  const { weightsSha256, optimizerSha256 } = (await client.workflow.execute("trainPolicy", {
    workflowId: id,
    taskQueue: "ratchet",
    args: [{ ...job, policy: checkpoint.hash, environments: set.hash }],
  })) as Trained;
  return { weightsSha256, optimizerSha256 };
}

/** Many times what anything here takes on a busy machine; after it, what was waited for will not come. */
const patienceMs = 240_000;

export async function until(met: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await met()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for: ${met}`);
}
