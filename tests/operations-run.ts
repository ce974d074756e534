/** Services of a home of their own, and small experiments on the tiny policy that last long enough to be operated. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import { readConfig } from "../src/config/config.ts";
import type { ExperimentInput, ReinforcementSettings } from "../src/core/experiment/input.ts";
import type { StoredRun } from "../src/core/ports/runs.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
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
  ended(run: string): Promise<StoredRun>;
  close(): Promise<void>;
}

export async function operate(): Promise<Operated> {
  const { home, remove } = emptyHome();
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
      remove();
    },
  };
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
  const training = { ...rl.training, iterations, ...changed } as ReinforcementSettings;
  return { ...tiny, id, stages: { ...stages, rl: { ...rl, training } } };
}

/** A minute is many times what anything here takes; after it, what was waited for will not come. */
const patienceMs = 60_000;

export async function until(met: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await met()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for: ${met}`);
}
