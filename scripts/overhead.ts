/**
 * Where a run's wall clock goes: runs an experiment in an empty home, left alone, and says from Temporal's histories and the
 * workers' metrics what was sampling, training, tools, environments, files, and what is left: the orchestration. And whether
 * anything was tried again, or a heartbeat missed.
 * `npm run overhead -- [--input FILE] [--json]`; `--growth` instead: how a tiny run's orchestration grows with shards and iterations.
 */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Client } from "@temporalio/client";
import { withClient } from "../tests/chaos-run.ts";
import { emptyHome, launch, ratchet, tinyExample } from "../tests/experiment-run.ts";
import { type Attempts, attemptsIn } from "./attempts.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("overhead", {
  input: "temporal/examples/quickstart.json",
  growth: false,
  json: false,
});

/** What counts as work, the first that is under way at a moment taking it; everything else is orchestration. */
const work = {
  sampling: ["sampleTurn"],
  training: ["updatePolicy", "restoreUpdate"],
  tools: ["runTools"],
  environments: [
    "decomposeScenarios",
    "documentTools",
    "integrateTools",
    "scaleComplexity",
    "deployEnvironments",
    "assembleRound",
  ],
  "base policy": ["resolvePolicy"],
} as const;
type Kind = keyof typeof work;
const kinds = Object.keys(work) as Kind[];
const kindOf = (activity: string) => kinds.find((kind) => work[kind].some((name) => name === activity));

interface Interval {
  readonly activity: string;
  readonly from: number;
  readonly to: number;
}

interface Overhead extends Attempts {
  readonly wallS: number;
  /** Seconds of the wall clock by kind; moments at which several are under way count once. */
  readonly workS: Readonly<Record<Kind, number>>;
  /** Nothing of `work` is under way: scheduling, claims, plans, batches, records. */
  readonly betweenS: number;
  /** Within sampling and training, but not on the engine: claims, shards read and written, commits. */
  readonly aroundDeviceS: number;
  /** Both over the wall clock. */
  readonly orchestrationShare: number;
  /** Of sampling and training: policies and checkpoints read, verified, written. */
  readonly checkpointFilesS: number;
  readonly activities: number;
  readonly events: number;
  readonly mostEvents: number;
  /** Of the workers since they started, quantile 0.99, ms. */
  readonly eventLoopDelayMs: Readonly<Record<string, number>>;
}

const results = options.growth ? await grow() : [{ name: options.input, ...(await measure(options.input)) }];
process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : results.map(textOf).join("\n"));

/** Trimmed of evaluations: cold start and reinforcement of the tiny policy, of other sizes. */
async function grow() {
  const rows: (Overhead & { readonly name: string })[] = [];
  for (const [iterations, shards] of [
    [2, 1],
    [2, 2],
    [2, 4],
    [8, 2],
    [16, 2],
  ] as const) {
    const input = JSON.parse(readFileSync(tinyExample, "utf8"));
    const { "train-environments": build, "cold-start": coldStart, rl } = input.stages;
    // At its own rate the tiny policy would trip its limit of KL before the sixteenth iteration.
    const learningRate = rl.training.learningRate / 10;
    Object.assign(rl.training, {
      iterations,
      learningRate,
      environmentsPerIteration: 4,
      shardSize: 4 / shards,
    });
    input.stages = { "train-environments": build, "cold-start": coldStart, rl };
    const { home, remove } = emptyHome();
    const file = `${home}-input.json`;
    writeFileSync(file, JSON.stringify(input));
    rows.push({ name: `${iterations} iterations of ${shards} shards`, ...(await measure(file)) });
    remove();
  }
  return rows;
}

async function measure(input: string): Promise<Overhead> {
  const { home, remove } = emptyHome();
  const run = launch(home, ["--input", input, "--json"]);
  run.stderr!.pipe(process.stderr);
  try {
    const lines = createInterface({ input: run.stdout! });
    const ended = once(run, "exit").then(([code]) => {
      throw new Error(`the run ended with ${code}`);
    });
    ended.catch(() => undefined);
    // Its summary is the only line of standard output; services stay up after it.
    await Promise.race([once(lines, "line"), ended]);
    const metrics = await scrape(home);
    return await withClient(home, (client) => account(client, metrics));
  } finally {
    run.kill("SIGINT");
    await once(run, "exit");
    remove();
  }
}

/** Each worker's metrics; the text of Prometheus. */
async function scrape(home: string): Promise<Map<string, string>> {
  const { processes } = JSON.parse(ratchet(home, "status", "--json").stdout) as {
    processes: { role: string; metrics?: string }[];
  };
  const texts = new Map<string, string>();
  for (const { role, metrics } of processes)
    if (metrics !== undefined) texts.set(role, await (await fetch(metrics)).text());
  return texts;
}

async function account(client: Client, metrics: ReadonlyMap<string, string>): Promise<Overhead> {
  const intervals: Interval[] = [];
  const counts: number[] = [];
  const all: Event[] = [];
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for await (const { workflowId, runId, startTime, closeTime } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    counts.push(events?.length ?? 0);
    from = Math.min(from, startTime.getTime());
    to = Math.max(to, closeTime?.getTime() ?? 0);
    intervals.push(...intervalsOf(events ?? []));
    all.push(...(events ?? []));
  }
  const wallS = (to - from) / 1000;
  const { workS, betweenS } = partition(intervals, from, to);
  const lasting = (kind: Kind) =>
    intervals
      .filter(({ activity }) => kindOf(activity) === kind)
      .reduce((sum, interval) => sum + (interval.to - interval.from) / 1000, 0);
  const device = metrics.get("gpu-worker")!;
  const onEngine = ["sampling", "updating", "device_wait"].reduce(
    (sum, name) => sum + sumOf(device, name),
    0,
  );
  const aroundDeviceS = Math.max(0, lasting("sampling") + lasting("training") - onEngine);
  return {
    wallS,
    workS,
    betweenS,
    aroundDeviceS,
    orchestrationShare: (betweenS + aroundDeviceS) / wallS,
    checkpointFilesS: sumOf(device, "device_files"),
    activities: intervals.length,
    events: counts.reduce((sum, count) => sum + count, 0),
    mostEvents: Math.max(...counts),
    ...attemptsIn(all),
    eventLoopDelayMs: Object.fromEntries([...metrics].map(([role, text]) => [role, 1000 * delayOf(text)])),
  };
}

type Event = NonNullable<
  Awaited<ReturnType<ReturnType<Client["workflow"]["getHandle"]>["fetchHistory"]>>["events"]
>[number];

/** From each activity's start on a worker to its end. */
function intervalsOf(events: readonly Event[]): Interval[] {
  const names = new Map<string, string>();
  const starts = new Map<string, number>();
  const intervals: Interval[] = [];
  for (const event of events) {
    const at = Number(event.eventTime!.seconds) * 1000 + (event.eventTime!.nanos ?? 0) / 1e6;
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) names.set(String(event.eventId), scheduled.activityType!.name!);
    const started = event.activityTaskStartedEventAttributes;
    if (started) starts.set(String(started.scheduledEventId), at);
    const completed = event.activityTaskCompletedEventAttributes;
    if (!completed) continue;
    const key = String(completed.scheduledEventId);
    intervals.push({ activity: names.get(key)!, from: starts.get(key)!, to: at });
  }
  return intervals;
}

/** Sweeps over the moments at which something begins or ends; each stretch goes to the first kind under way. */
function partition(intervals: readonly Interval[], from: number, to: number) {
  const workS = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  let betweenS = 0;
  const moments = [...new Set([from, to, ...intervals.flatMap((interval) => [interval.from, interval.to])])];
  moments.sort((a, b) => a - b);
  for (const [i, moment] of moments.slice(0, -1).entries()) {
    const seconds = (moments[i + 1]! - moment) / 1000;
    const underWay = intervals.filter((interval) => interval.from <= moment && interval.to > moment);
    const kind = kinds.find((candidate) => underWay.some(({ activity }) => kindOf(activity) === candidate));
    if (kind === undefined) betweenS += seconds;
    else workS[kind] += seconds;
  }
  return { workS, betweenS };
}

/** Sum of a histogram `ratchet_NAME_seconds` over its labels. */
function sumOf(text: string, name: string): number {
  const lines = text.matchAll(new RegExp(`^ratchet_${name}_seconds_sum(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

function delayOf(text: string): number {
  return Number(/ratchet_event_loop_delay_seconds\{quantile="0.99"\} (\S+)/.exec(text)?.[1] ?? Number.NaN);
}

function textOf({ name, ...result }: Overhead & { readonly name: string }): string {
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  return [
    `${name}: ${seconds(result.wallS)}, ${result.activities} activities, ${result.events} events, ${result.mostEvents} in the largest history`,
    `  ${kinds.map((kind) => `${kind} ${seconds(result.workS[kind])}`).join(", ")}`,
    `  orchestration ${(100 * result.orchestrationShare).toFixed(2)} %: ${seconds(result.betweenS)} between work, ${seconds(result.aroundDeviceS)} around the device`,
    `  of sampling and training, files: ${seconds(result.checkpointFilesS)}`,
    `  attempts after the first ${result.attemptsAfterFirst}, heartbeats missed ${result.heartbeatTimeouts}`,
    `  event loop delay p99: ${Object.entries(result.eventLoopDelayMs)
      .map(([role, ms]) => `${role} ${ms.toFixed(0)} ms`)
      .join(", ")}`,
    "",
  ].join("\n");
}
