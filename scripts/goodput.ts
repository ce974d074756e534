/**
 * Effective training time under failures: the same training twice in one home, first left alone, then with a
 * process killed in one of ten iterations. The ratio is the first's wall clock over the second's, from the training's
 * start to its last commit; weights and optimizer must be the same. Exit 1 where they are not.
 * `npm run goodput -- [--iterations 10] [--environments 8] [--failures 1] [--seed 1] [--input FILE] [--json]`
 * Environments and cold start are the quickstart's, with SmolLM2; where RATCHET_HOME has them already they are not made again.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { readConfig } from "../src/config/config.ts";
import { seedOf } from "../src/core/hash.ts";
import { type Random, seededRandom } from "../src/core/random.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { runningProcesses } from "../src/services/process-table.ts";
import { readRecord } from "../src/services/record.ts";
import type { Role } from "../src/services/roles.ts";
import { taskQueues } from "../src/workflows/names.ts";
import { withClient } from "../tests/chaos-run.ts";
import { emptyHome, ratchet, type Summary, start, untilUpdates } from "../tests/experiment-run.ts";
import { optionsOf } from "./options.ts";

const quickstart = fileURLToPath(new URL("../temporal/examples/quickstart.json", import.meta.url));
const options = optionsOf("goodput", {
  iterations: 10,
  /** An experiment with the stages train-environments, cold-start and rl. */
  input: quickstart,
  /** Of an iteration; how long it takes is printed, and a share of it is what a failure costs. */
  environments: 8,
  /** Iterations in which a process is killed. */
  failures: 1,
  seed: 1,
  json: false,
});

/** What may fail while work goes on; each as often as the others. */
const victims: readonly Role[] = [
  "gpu-worker",
  "engine",
  "cpu-worker",
  "workflow-worker",
  "temporal",
  "postgres",
];

interface Failure {
  readonly iteration: number;
  /** Into the iteration, as a share of what it took when left alone. */
  readonly at: number;
  readonly role: Role;
}

interface Trained {
  readonly weights: unknown;
  /** From the training's start to its last commit. */
  readonly wallS: number;
  /** Of each iteration. */
  readonly iterationS: readonly number[];
  /** Committed in each iteration. */
  readonly steps: readonly number[];
}

const { iterations, environments, seed } = options;
const failures = draw(seededRandom(seedOf("goodput", seed)));
const { home, remove } = process.env.RATCHET_HOME
  ? { home: process.env.RATCHET_HOME, remove: () => {} }
  : emptyHome();
try {
  const result = await study();
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));
  process.exitCode = result.sameWeights ? 0 : 1;
} finally {
  ratchet(home, "down");
  remove();
}

function draw(random: Random): Failure[] {
  const chosen = random
    .shuffle(Array.from({ length: iterations }, (_, i) => i + 1))
    .slice(0, options.failures);
  return chosen
    .sort((a, b) => a - b)
    .map((iteration) => ({ iteration, at: random.next(), role: random.pick(victims) }));
}

async function study() {
  const { checkpoint } = await coldStart();
  if (ratchet(home, "up").status !== 0) throw new Error("the services did not start");
  const alone = await train("goodput-alone", checkpoint, []);
  const struck = await train("goodput-struck", checkpoint, failures, alone.iterationS);
  return {
    iterations,
    failures,
    leastIterationS: Math.min(...alone.iterationS),
    leastSteps: Math.min(...alone.steps),
    aloneS: alone.wallS,
    struckS: struck.wallS,
    lostS: struck.wallS - alone.wallS,
    effectiveTrainingTime: alone.wallS / struck.wallS,
    sameWeights: JSON.stringify(alone.weights) === JSON.stringify(struck.weights),
  };
}

/** The quickstart's first stages; taken from before where this home has them. */
async function coldStart(): Promise<Summary & { readonly checkpoint: string }> {
  const { stages, ...input } = experiment();
  const first = { "train-environments": stages["train-environments"], "cold-start": stages["cold-start"] };
  const file = join(tmpdir(), `goodput-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ ...input, id: "goodput-start", stages: first }));
  return (await start(home, ["--input", file]).summary) as Summary & { checkpoint: string };
}

function experiment() {
  return JSON.parse(readFileSync(options.input, "utf8"));
}

async function train(
  id: string,
  checkpoint: string,
  blows: readonly Failure[],
  iterationS: readonly number[] = [],
): Promise<Trained> {
  const { seed: inputSeed, threads, stages } = experiment();
  const training = {
    ...stages.rl.training,
    iterations,
    environmentsPerIteration: environments,
    shardSize: 4,
  };
  const input = { id, seed: inputSeed, threads, policy: checkpoint, training };
  return withClient(home, async (client) => {
    const begun = Date.now();
    const workflow = await client.workflow.start("trainPolicy", {
      workflowId: id,
      taskQueue: taskQueues.workflows,
      args: [{ ...input, environments: "goodput-start/train-environments" }],
    });
    for (const { iteration, at, role } of blows) {
      await untilUpdates(home, id, "train", iteration - 1);
      await sleep(1000 * at * iterationS[iteration - 1]!);
      const victim = runningProcesses(home).find((candidate) => candidate.role === role);
      if (victim === undefined) throw new Error(`no ${role} runs in iteration ${iteration}`);
      process.kill(victim.pid, "SIGKILL");
      process.stderr.write(`iteration ${iteration}: ${role} killed\n`);
    }
    const { weightsSha256, optimizerSha256 } = await patientResult(workflow);
    return { weights: [weightsSha256, optimizerSha256], ...(await timesOf(id, begun)) };
  });
}

/** A long poll fails when Temporal is killed, and is asked again. */
async function patientResult(workflow: { result(): Promise<unknown>; describe(): Promise<unknown> }) {
  for (;;) {
    try {
      return (await workflow.result()) as { weightsSha256: string; optimizerSha256: string };
    } catch (error) {
      if ((error as Error).name === "WorkflowFailedError") throw error;
      await sleep(1_000);
    }
  }
}

async function timesOf(run: string, begun: number): Promise<Omit<Trained, "weights">> {
  const client = new pg.Client({ connectionString: databaseUrl() });
  await client.connect();
  const { rows } = await client.query<{ iteration: number; at: string; steps: string }>(
    `SELECT iteration, max(extract(epoch FROM committed_at)) * 1000 AS at, count(*) AS steps
     FROM steps WHERE run = $1 AND state = 'committed' AND iteration > 0 GROUP BY iteration ORDER BY iteration`,
    [run],
  );
  await client.end();
  const ends = [begun, ...rows.map(({ at }) => Number(at))];
  return {
    wallS: (ends.at(-1)! - begun) / 1000,
    iterationS: rows.map((_, i) => (ends[i + 1]! - ends[i]!) / 1000),
    steps: rows.map(({ steps }) => Number(steps)),
  };
}

function databaseUrl(): string {
  const config = readConfig({ ...process.env, RATCHET_HOME: home });
  return endpointsOf(config, readRecord(home))!.databaseUrl;
}

function textOf(result: Awaited<ReturnType<typeof study>>): string {
  return [
    `effective training time ${result.effectiveTrainingTime.toFixed(3)}: ${result.aloneS.toFixed(0)} s alone, ${result.struckS.toFixed(0)} s with ${result.failures.length} failures in ${iterations} iterations`,
    ...result.failures.map(
      ({ iteration, at, role }) =>
        `  iteration ${iteration}: ${role} killed ${(100 * at).toFixed(0)} % into it`,
    ),
    `shortest iteration ${result.leastIterationS.toFixed(0)} s, fewest steps of one ${result.leastSteps}`,
    result.sameWeights ? "the same weights and optimizer" : "OTHER weights or optimizer",
    "",
  ].join("\n");
}
