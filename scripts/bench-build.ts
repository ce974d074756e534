/**
 * A large build as its users run it, with all services: `npm run bench:build -- [--count 2000] [--kills 0] [--profile compact]
 * [--seed 1] [--expect HASH] [--plot FILE.svg] [--json]`. Memory of every process is sampled; with `--kills N` a SIGKILL goes
 * to each kind of process in turn, N times in all. Exit 1 where the set is incomplete, repeats an environment, or has
 * another hash than expected. Processes are found in /proc, so it runs on Linux.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection, WorkflowFailedError } from "@temporalio/client";
import type { AssembledSet } from "../src/activities/environments.ts";
import { readConfig } from "../src/config/config.ts";
import { environmentHash, profiles, scenarioTypes } from "../src/core/environment/environment.ts";
import { loadSet } from "../src/core/environment/stored-set.ts";
import { buildInputSchema } from "../src/core/experiment/input.ts";
import { parseInput } from "../src/core/experiment/parse.ts";
import { lineChart, standaloneSvg } from "../src/report/chart.ts";
import { usageOf } from "../src/sandbox/usage.ts";
import { runningEndpoints } from "../src/services/endpoints.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import type { Role } from "../src/services/roles.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { buildEnvironments } from "../src/workflows/build-environments.ts";
import { taskQueues } from "../src/workflows/names.ts";
import { emptyHome, ratchet } from "../tests/experiment-run.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("bench:build", {
  count: 2_000,
  kills: 0,
  profile: "compact",
  seed: 1,
  expect: undefined,
  plot: undefined,
  json: false,
});

const workflowId = "bench-build";
const sampleEveryMs = 5_000;
/** What is killed, in turn; the device worker and its engine have no part in a build. */
const victims: readonly Role[] = [
  "cpu-worker",
  "sandbox",
  "workflow-worker",
  "temporal",
  "postgres",
  "supervisor",
];

interface Sample {
  readonly seconds: number;
  /** Resident memory, MB, summed over the processes of a role. */
  readonly megabytes: Readonly<Partial<Record<Role, number>>>;
}

const each = Math.ceil(options.count / scenarioTypes.length);
const input = parseInput(
  buildInputSchema,
  {
    id: workflowId,
    seed: options.seed,
    environments: {
      split: "train",
      profile: profiles.find((profile) => profile === options.profile),
      scenarios: Object.fromEntries(scenarioTypes.map((type) => [type, each])),
    },
  },
  "bench:build",
);
const wanted = each * scenarioTypes.length;
const { home, remove } = emptyHome();
const config = () => readConfig({ ...process.env, RATCHET_HOME: home });
const samples: Sample[] = [];
const blows: { readonly role: Role; readonly seconds: number }[] = [];
const loadBefore = loadavg()[0]!;

try {
  const result = await measure();
  if (options.plot) writeFileSync(options.plot, plotOf(samples));
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));
  const right = result.accepted === wanted && result.distinct === wanted;
  process.exitCode = right && (options.expect === undefined || options.expect === result.hash) ? 0 : 1;
} finally {
  ratchet(home, "down");
  remove();
}

async function measure() {
  up();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  await connected((client) =>
    client.workflow.start(buildEnvironments, {
      args: [input],
      taskQueue: taskQueues.workflows,
      workflowId,
    }),
  );
  let ended = false;
  const watching = (async () => {
    while (!ended) {
      samples.push({ seconds: seconds(), megabytes: await memoryOf() });
      await sleep(sampleEveryMs);
    }
  })();
  const striking = strike(() => ended, seconds);
  const set = await resultOf();
  ended = true;
  const wallSeconds = seconds();
  await Promise.all([watching, striking]);
  const artifacts = await openArtifactFolder(config().artifactFolder, async () => {});
  const { environments } = await loadSet(artifacts, set.set);
  return {
    machine: { processor: cpus()[0]!.model, cores: cpus().length, node: process.version, loadBefore },
    loadAfter: loadavg()[0]!,
    profile: options.profile,
    hash: set.set.hash,
    accepted: environments.length,
    distinct: new Set(environments.map(environmentHash)).size,
    quarantined: set.quarantined,
    repaired: set.repaired,
    wallSeconds: Math.round(wallSeconds),
    acceptedPerMinute: Math.round((environments.length / wallSeconds) * 60),
    kills: blows,
    histories: await historySizes(),
    memory: memorySummary(),
  };
}

function up(): void {
  const { status, stderr } = ratchet(home, "up");
  if (status !== 0) throw new Error(`ratchet up ended with ${status}: ${stderr}`);
}

/** Services may be down for as long as it takes to start them again. */
async function connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const { temporalConnection, temporalNamespace } = runningEndpoints(config());
  const connection = await Connection.connect(temporalConnection);
  try {
    return await work(new Client({ connection, namespace: temporalNamespace }));
  } finally {
    await connection.close();
  }
}

async function resultOf(): Promise<AssembledSet> {
  for (;;) {
    try {
      return (await connected((client) => client.workflow.getHandle(workflowId).result())) as AssembledSet;
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw error;
      await sleep(1_000);
    }
  }
}

/** Evenly over the first two thirds of the batches, judged by what was committed. */
async function strike(isOver: () => boolean, seconds: () => number): Promise<void> {
  const { kills } = options;
  for (let i = 0; i < kills && !isOver(); ) {
    await sleep(2_000);
    const share = await connected(async (client) => {
      const found = await client.workflow.count(
        'WorkflowType = "buildEnvironment" AND ExecutionStatus = "Completed"',
      );
      return found.count / (wanted / 32);
    }).catch(() => 0);
    const role = victims[i % victims.length]!;
    const victim = runningProcesses(home).find((one) => one.role === role);
    if (share < ((i + 0.5) / kills) * (2 / 3) || !victim) continue;
    process.kill(victim.pid, "SIGKILL");
    blows.push({ role, seconds: Math.round(seconds()) });
    i++;
    if (role !== "supervisor") continue;
    await sleep(1_000);
    up();
  }
}

async function memoryOf(): Promise<Sample["megabytes"]> {
  const megabytes: Partial<Record<Role, number>> = {};
  for (const { role, pid } of runningProcesses(home)) {
    // Undefined where it has just ended.
    const bytes = (await usageOf(pid))?.residentBytes ?? 0;
    megabytes[role] = (megabytes[role] ?? 0) + bytes / 2 ** 20;
  }
  return megabytes;
}

/** Of each execution, of the build and of its batches. */
async function historySizes() {
  return connected(async (client) => {
    const builds = [];
    let largestBatch = { events: 0, bytes: 0 };
    let batches = 0;
    for await (const { workflowId: id, runId, type } of client.workflow.list()) {
      const { historyLength: events, historySize: bytes = 0 } = await client.workflow
        .getHandle(id, runId)
        .describe();
      if (type === "buildEnvironments") builds.push({ events, bytes });
      else batches++;
      if (type === "buildEnvironment" && events > largestBatch.events) largestBatch = { events, bytes };
    }
    return { builds, batches, largestBatch };
  });
}

/** Resident MB of each role in the first and last quarter of the samples, and the most. */
function memorySummary() {
  const roles = [...new Set(samples.flatMap(({ megabytes }) => Object.keys(megabytes) as Role[]))];
  const quarter = Math.ceil(samples.length / 4);
  const mean = (part: readonly Sample[], role: Role) => {
    const known = part.flatMap(({ megabytes }) => megabytes[role] ?? []);
    return Math.round(known.reduce((a, b) => a + b, 0) / Math.max(1, known.length));
  };
  return Object.fromEntries(
    roles.map((role) => [
      role,
      {
        first: mean(samples.slice(0, quarter), role),
        last: mean(samples.slice(-quarter), role),
        most: Math.round(Math.max(...samples.map(({ megabytes }) => megabytes[role] ?? 0))),
      },
    ]),
  );
}

function plotOf(taken: readonly Sample[]): string {
  const step = Math.max(1, Math.floor(taken.length / 120));
  const shown = taken.filter((_, i) => i % step === 0);
  const series = (["cpu-worker", "workflow-worker", "temporal"] as const).map((role) => ({
    name: role,
    points: shown.flatMap(({ seconds, megabytes }) =>
      megabytes[role] === undefined
        ? []
        : [{ iteration: Math.round(seconds / 6) / 10, value: megabytes[role] }],
    ),
  }));
  return standaloneSvg(
    lineChart({ title: "Resident memory over the build", unit: "MB", step: "minute", series }),
  );
}

function textOf(result: Awaited<ReturnType<typeof measure>>): string {
  const { builds, batches, largestBatch } = result.histories;
  return [
    `${result.machine.processor}, ${result.machine.cores} cores, load ${loadBefore.toFixed(1)} to ${result.loadAfter.toFixed(1)}`,
    `${result.accepted} of ${wanted} accepted (${result.distinct} distinct, ${result.repaired} repaired), ${result.quarantined} quarantined: set ${result.hash}`,
    `${result.wallSeconds} s, ${result.acceptedPerMinute} a minute`,
    `killed: ${blows.map(({ role, seconds }) => `${role} at ${seconds} s`).join(", ") || "nothing"}`,
    `histories: ${builds.map(({ events, bytes }) => `${events} events, ${bytes} bytes`).join("; ")}; ${batches} batches of at most ${largestBatch.events} events`,
    ...Object.entries(result.memory).map(
      ([role, { first, last, most }]) =>
        `${role.padEnd(16)} ${first} MB at first, ${last} at last, ${most} at most`,
    ),
    "",
  ].join("\n");
}
