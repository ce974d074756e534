/**
 * How fast environments are built: `npm run bench:environments -- [--json] [--compact 64] [--ftrl 16]`.
 * Batches go through the very activities that `buildEnvironment` runs, with the real author, sandbox, Postgres and
 * artifact folder. Processor seconds stand beside the wall clock, for they alone mean something on a machine in use.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { MockActivityEnvironment } from "@temporalio/testing";
import {
  type AssembledRound,
  type AssembleRound,
  createEnvironmentActivities,
} from "../src/activities/environments.ts";
import type { StepContext } from "../src/activities/step.ts";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { type EnvironmentSet, type Profile, scenarioTypes } from "../src/core/environment/environment.ts";
import { loadSet } from "../src/core/environment/stored-set.ts";
import type { BuildSpecification } from "../src/core/experiment/build.ts";
import type { Gate } from "../src/core/gates/gate.ts";
import { gateTable } from "../src/core/gates/table.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { type Batch, firstProposals, planRound } from "../src/core/synthesis/batches.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { openStore } from "../src/store/store.ts";
import { startPostgres } from "../tests/postgres.ts";
import { optionsOf } from "./options.ts";
import { processorMs, type Spent } from "./spent.ts";

const options = optionsOf("bench:environments", { compact: 64, ftrl: 16, json: false });

/** Batches in flight, as in `buildEnvironments`. */
const batchWindow = 2;

interface GateCost {
  readonly gate: string;
  /** Of the main thread: looking, planning calls and judging their outcomes. */
  ms: number;
  /** Planned; equal calls of several gates are made once. */
  calls: number;
}

const folder = mkdtempSync(join(tmpdir(), "ratchet-bench-"));
const postgres = await startPostgres();
const store = await openStore({ databaseUrl: await postgres.freshDatabase(), artifactFolder: folder });
const sandbox = createSandbox({ ...defaultSandboxLimits, log: (line) => process.stderr.write(`${line}\n`) });
const toolCalls = { made: 0, wallMs: 0 };
const countingSandbox: typeof sandbox = {
  ...sandbox,
  run: async (invocations, signal, surroundings) => {
    const started = performance.now();
    const outcomes = await sandbox.run(invocations, signal, surroundings);
    toolCalls.made += invocations.length;
    toolCalls.wallMs += performance.now() - started;
    return outcomes;
  },
};
const activities = createEnvironmentActivities({
  artifacts: store.artifacts,
  ledger: store.ledger,
  author: createKnowledgeAuthor(),
  sandbox: countingSandbox,
});
const costs = gateTable.map(timeGate);
const loadBefore = loadavg()[0]!;

try {
  const results = await bench();
  process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : `${tableOf(results)}\n`);
} finally {
  await sandbox.close();
  await store.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function bench() {
  const start = await spent(() => build("compact", 4, "start"));
  const compact = await buildTimed("compact", options.compact);
  const ftrl = await buildTimed("ftrl", options.ftrl);
  return {
    machine: { processor: cpus()[0]!.model, cores: cpus().length, node: process.version, loadBefore },
    loadAfter: loadavg()[0]!,
    start: { wallMs: start.wallMs, cpuMs: start.cpuMs },
    building: [compact, ftrl],
  };
}

/** What `buildEnvironments` does of a specification, without Temporal between the activities. */
async function build(profile: Profile, count: number, stage: string): Promise<EnvironmentSet> {
  const each = Math.ceil(count / scenarioTypes.length);
  const scenarios = Object.fromEntries(scenarioTypes.map((type) => [type, each]));
  const environments = { author: "knowledge", split: "train", profile, scenarios } as BuildSpecification;
  const context = { run: "bench", stage, branch: 0, seed: 1, iteration: 0 };
  let proposals = firstProposals(scenarios);
  let assembly: ArtifactRef | null = null;
  for (;;) {
    const round = planRound(proposals);
    const proven = await proveRound(context, environments, round);
    const given: AssembleRound = { context, environments, assembly, proposals, round, proven };
    const { result }: { readonly result: AssembledRound } = await asActivity(activities.assembleRound, given);
    if (result.set !== null) return loadSet(store.artifacts, result.set);
    ({ proposals, assembly } = result);
  }
}

async function proveRound(
  context: StepContext,
  environments: BuildSpecification,
  round: readonly Batch[],
): Promise<ArtifactRef[]> {
  const proven: ArtifactRef[] = [];
  const work = async (batch: Batch) => {
    const input = { context, environments, batch };
    let { result: from } = await asActivity(activities.decomposeScenarios, input);
    for (const stageOf of [
      "documentTools",
      "integrateTools",
      "scaleComplexity",
      "deployEnvironments",
    ] as const)
      from = (await asActivity(activities[stageOf], { ...input, from })).result;
    proven[round.indexOf(batch)] = from;
  };
  const waiting = [...round];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: batchWindow }, lane));
  return proven;
}

function asActivity<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  return new MockActivityEnvironment().run(activity, input);
}

async function buildTimed(profile: Profile, count: number) {
  for (const cost of costs) Object.assign(cost, { ms: 0, calls: 0 });
  Object.assign(toolCalls, { made: 0, wallMs: 0 });
  const { value: set, wallMs, cpuMs } = await spent(() => build(profile, count, `bench-${profile}`));
  const accepted = set.environments.length;
  return {
    profile,
    accepted,
    quarantined: set.quarantined.length,
    wallMs,
    cpuMs,
    acceptedPerMinute: (accepted / wallMs) * 60_000,
    /** What two cores would accept if both did nothing else and were never idle. */
    acceptedPerMinuteOfTwoCores: (accepted / cpuMs) * 2 * 60_000,
    toolCalls: { ...toolCalls },
    gates: costs.map((cost) => ({ ...cost })),
  };
}

/** Wraps a gate in place, so that the pipeline under measure is the one that is used everywhere. */
function timeGate(gate: Gate): GateCost {
  const cost: GateCost = { gate: gate.gate, ms: 0, calls: 0 };
  const timed =
    <A extends unknown[], R>(work: (...given: A) => R) =>
    (...given: A): R => {
      const started = performance.now();
      const result = work(...given);
      cost.ms += performance.now() - started;
      return result;
    };
  if (gate.kind === "static") Object.assign(gate, { judge: timed(gate.judge) });
  else {
    const plan = timed(gate.plan);
    Object.assign(gate, {
      plan: (...given: Parameters<typeof plan>) => {
        const trial = plan(...given);
        cost.calls += trial.invocations.length;
        return { ...trial, judge: timed(trial.judge) };
      },
    });
  }
  return cost;
}

async function spent<T>(work: () => Promise<T>): Promise<Spent & { value: T }> {
  const [wall, cpu] = [performance.now(), processorMs()];
  const value = await work();
  return { value, wallMs: performance.now() - wall, cpuMs: processorMs() - cpu };
}

function tableOf({ machine, loadAfter, building }: Awaited<ReturnType<typeof bench>>): string {
  const ms = (value: number) => value.toFixed(2).padStart(9);
  return [
    `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)} to ${loadAfter.toFixed(1)}`,
    ...building.flatMap((one) => [
      `${one.profile}: ${one.accepted} accepted, ${one.quarantined} quarantined, ${(one.wallMs / 1000).toFixed(1)} s wall, ${(one.cpuMs / 1000).toFixed(1)} s CPU, ${one.acceptedPerMinute.toFixed(0)} a minute (${one.acceptedPerMinuteOfTwoCores.toFixed(0)} by CPU time of 2 cores), ${one.toolCalls.made} tool calls in ${(one.toolCalls.wallMs / 1000).toFixed(1)} s`,
      ...one.gates.map(
        (cost) => `  ${cost.gate.padEnd(20)}${ms(cost.ms)} ms  ${String(cost.calls).padStart(6)} calls`,
      ),
    ]),
  ].join("\n");
}
