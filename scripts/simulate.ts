/**
 * Trajectories by the ten thousand, without a policy: the real workflows and their real worker on the real Temporal, with
 * activities that only wait and answer. What it shows is how far histories, pending children and payloads stay from
 * Temporal's limits, and how fast the orchestration goes. Exit 1 where a limit is passed or a trajectory is lost.
 * `npm run simulate -- [--trajectories 10000] [--shard-size 128] [--turns 8] [--iterations 2] [--turn-ms 1000] [--json]`
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import proto from "@temporalio/proto";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import type { StartShard } from "../src/activities/rollouts.ts";
import type { ShardState } from "../src/activities/shards.ts";
import { readConfig } from "../src/config/config.ts";
import { type TrainInput, trainInputSchema } from "../src/core/experiment/input.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { preflight } from "../src/services/preflight.ts";
import { workerPrograms } from "../src/services/roles.ts";
import { Supervisor } from "../src/services/supervisor.ts";
import type { TemporalConnectionOptions } from "../src/services/temporal-namespace.ts";
import { taskQueues } from "../src/workflows/names.ts";
import { emptyHome } from "../tests/experiment-run.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("simulate", {
  trajectories: 10_000,
  "shard-size": 128,
  turns: 8,
  iterations: 2,
  /** What sampling one turn of a shard is made to take. */
  "turn-ms": 1_000,
  json: false,
});

/** Temporal's own: events of a history, pending children or activities of a workflow, bytes of a payload. */
const limits = { events: 51_200, pending: 2_000, payloadBytes: 2 * 2 ** 20 };

const { trajectories, "shard-size": shardSize, turns, iterations, "turn-ms": turnMs } = options;
const shards = Math.ceil(trajectories / shardSize);
/** Trajectories under way at this moment, and the most there were at once. */
const underWay = { now: 0, most: 0, ended: 0 };

Runtime.install({ logger: new DefaultLogger("ERROR") });
const { home, remove } = emptyHome();
const config = readConfig({ ...process.env, RATCHET_HOME: home });
const supervisor = new Supervisor({
  config,
  workers: workerPrograms.filter(({ role }) => role === "workflow-worker"),
  temporalProgram: await preflight(config, note),
  onNotice: note,
});
try {
  const { temporalConnection, temporalNamespace: namespace } = await supervisor.start();
  const result = await simulate(temporalConnection, namespace);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));
  process.exitCode = result.withinLimits && underWay.ended === trajectories * iterations ? 0 : 1;
} finally {
  await supervisor.stop();
  remove();
}
process.exit();

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function simulate(options: TemporalConnectionOptions, namespace: string) {
  const native = await NativeConnection.connect(options);
  const activities = answers();
  const workers = await Promise.all(
    [taskQueues.cpu, taskQueues.sample, taskQueues.train].map((taskQueue) =>
      Worker.create({
        connection: native,
        namespace,
        taskQueue,
        activities,
        maxConcurrentActivityTaskExecutions: 2 * shards,
      }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  const connection = await Connection.connect(options);
  const client = new Client({ connection, namespace });
  const begun = performance.now();
  const training = await client.workflow.start("trainPolicy", {
    taskQueue: taskQueues.workflows,
    workflowId: "simulation",
    args: [input()],
  });
  const looking = watchPending(client);
  await training.result();
  const wallMs = performance.now() - begun;
  const pending = await looking.stop();
  const histories = await measureHistories(client);
  for (const worker of workers) worker.shutdown();
  await running;
  await native.close();
  await connection.close();
  const withinLimits =
    histories.mostEvents < limits.events &&
    pending < limits.pending &&
    histories.largestPayload < limits.payloadBytes;
  return {
    trajectories,
    shards,
    turns,
    iterations,
    concurrent: underWay.most,
    ended: underWay.ended,
    wallMs: Math.round(wallMs),
    /** What the stubs' waiting alone takes. */
    leastMs: iterations * turns * turnMs,
    activitiesPerSecond: Math.round((1000 * histories.activities) / wallMs),
    mostPending: pending,
    ...histories,
    limits,
    withinLimits,
  };
}

function input(): TrainInput {
  return trainInputSchema.parse({
    id: "simulation",
    seed: 1,
    policy: "tiny",
    environments: "0".repeat(64),
    training: {
      algorithm: "grpo",
      iterations,
      environmentsPerIteration: trajectories,
      shardSize,
      shardsInFlight: shards,
      maxTurns: turns,
      learningRate: 1e-5,
    },
  });
}

/** Activities by name, with answers of the size that real ones have; a shard's trajectories all live to the last turn. */
function answers(): Record<string, (input: never) => Promise<unknown>> {
  const ref = (kind: string): ArtifactRef => ({
    kind,
    hash: randomBytes(32).toString("hex"),
    bytes: 123_456,
  });
  const [policy, environments] = [ref("checkpoint"), ref("environment-set")];
  const left = new Map<string, { readonly turns: number; readonly count: number }>();
  const shardOf = (count: number, turnsLeft: number): ShardState => {
    const shard = ref("shard");
    left.set(shard.hash, { turns: turnsLeft, count });
    return { shard, active: turnsLeft === 0 ? 0 : count };
  };
  const known = {
    prepareTraining: async ({ id, stage, seed, training }: TrainInput) => {
      const job = { run: id, stage, seed, policyName: "tiny", policy, environments };
      return { ...job, build: null, training, start: null, changes: [] };
    },
    startShard: async ({ members }: StartShard) => {
      const count = "length" in members ? members.length : members.count;
      underWay.now += count;
      underWay.most = Math.max(underWay.most, underWay.now);
      return shardOf(count, turns);
    },
    sampleTurn: async ({ shard }: { readonly shard: ArtifactRef }) => {
      await sleep(turnMs);
      const { count, turns: turnsLeft } = left.get(shard.hash)!;
      return shardOf(count, turnsLeft);
    },
    runTools: async ({ shard }: { readonly shard: ArtifactRef }) => {
      const { count, turns: turnsLeft } = left.get(shard.hash)!;
      if (turnsLeft === 1) {
        underWay.now -= count;
        underWay.ended += count;
      }
      return shardOf(count, turnsLeft - 1);
    },
    assembleBatch: async () => ({
      batch: ref("batch"),
      rows: 1,
      metrics: { rewardMean: 0.5, zeroVarianceShare: 0.5 },
    }),
    updatePolicy: async () => ({
      checkpoint: ref("checkpoint"),
      weightsSha256: "0".repeat(64),
      optimizerSha256: "0".repeat(64),
      metrics: { loss: 0, kl: 0, entropy: 1, gradientNorm: 1 },
      branch: 0,
    }),
    collectGarbage: async () => null,
    finishAlone: async () => null,
  };
  return known as Record<string, (input: never) => Promise<unknown>>;
}

/** Looks every second; the most children and activities that the training had pending at once. */
function watchPending(client: Client): { stop(): Promise<number> } {
  let most = 0;
  let stopped = false;
  const look = async () => {
    while (!stopped) {
      const { raw } = await client.workflow.getHandle("simulation").describe();
      const pending = (raw.pendingChildren?.length ?? 0) + (raw.pendingActivities?.length ?? 0);
      most = Math.max(most, pending);
      await sleep(1_000);
    }
    return most;
  };
  const looking = look();
  return {
    stop: () => {
      stopped = true;
      return looking;
    },
  };
}

/** Over every execution of every workflow. */
async function measureHistories(client: Client) {
  const measured = { executions: 0, mostEvents: 0, mostBytes: 0, largestPayload: 0, activities: 0 };
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const bytes = proto.temporal.api.history.v1.History.encode({ events: events ?? [] }).finish().length;
    measured.executions++;
    measured.mostEvents = Math.max(measured.mostEvents, events?.length ?? 0);
    measured.mostBytes = Math.max(measured.mostBytes, bytes);
    for (const event of events ?? []) {
      if (event.activityTaskScheduledEventAttributes) measured.activities++;
      // An event holds at most a few payloads; its size bounds each of them.
      const size = proto.temporal.api.history.v1.HistoryEvent.encode(event).finish().length;
      measured.largestPayload = Math.max(measured.largestPayload, size);
    }
  }
  return measured;
}

function textOf(result: Awaited<ReturnType<typeof simulate>>): string {
  return [
    `${result.concurrent} trajectories at once in ${result.shards} shards, ${result.iterations} iterations of ${result.turns} turns: ${result.ended} came to their end`,
    `largest history ${result.mostEvents} events (limit ${limits.events}), ${result.mostBytes} bytes; ${result.executions} executions`,
    `most pending ${result.mostPending} (limit ${limits.pending}); largest event ${result.largestPayload} bytes (limit ${limits.payloadBytes})`,
    `${(result.wallMs / 1000).toFixed(1)} s, of which waiting ${(result.leastMs / 1000).toFixed(1)} s; ${result.activitiesPerSecond} activities a second`,
    "",
  ].join("\n");
}
