/**
 * What a tool call costs: `npm run bench:calls -- [--rounds 9] [--json]`. A batch of 256 calls from 16 episodes, each call
 * in fresh state, in JavaScript (compact environments) and Python (FTRL's tools), beside FTRL's own way with the same
 * Python calls: `exec` in the machine's python3, without a sandbox. The three take turns within a run. Sandboxed batches
 * find a child waiting for them, whose start-up is told apart.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { scenarioTypes } from "../src/core/environment/environment.ts";
import type { ToolInvocation } from "../src/core/ports/sandbox.ts";
import { draftTools } from "../src/core/synthesis/construct.ts";
import { deploy, subjectsOf } from "../src/core/synthesis/deploy/deploy.ts";
import { referenceInvocations } from "../src/core/trajectory/golden.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { optionsOf } from "./options.ts";
import { processorMs, type Spent } from "./spent.ts";

const options = optionsOf("bench:calls", { rounds: 9, json: false });

const episodes = 16;
const callsPerEpisode = 16;
/** A spare child is given so long to be ready, and the one before to be gone. */
const spareMs = 1_500;

const sandbox = createSandbox({ ...defaultSandboxLimits, log: (line) => process.stderr.write(`${line}\n`) });
try {
  const results = await bench();
  process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : `${tableOf(results)}\n`);
} finally {
  await sandbox.close();
}

async function bench() {
  const loadBefore = loadavg()[0]!;
  const calls = { javascript: await javascriptCalls(), python: pythonCalls() };
  const first = { javascript: await spent(calls.javascript), python: await spent(calls.python) };
  const spans = { javascript: [], python: [], native: [] } as Record<string, Spent[]>;
  const single = { javascript: [], python: [] } as Record<string, Spent[]>;
  for (let round = 0; round < options.rounds; round++) {
    for (const runtime of ["javascript", "python"] as const) {
      single[runtime]!.push(await spent(calls[runtime].slice(0, 1)));
      spans[runtime]!.push(await spent(calls[runtime]));
    }
    spans.native!.push(nativePython(calls.python));
  }
  const rowOf = (name: string) => ({
    ...spreadOf(spans[name]!.map(({ wallMs }) => wallMs / (episodes * callsPerEpisode))),
    cpuMs: perCall(spans[name]!, single[name]),
    startUpCpuMs: single[name] && mean(single[name].map(({ cpuMs }) => cpuMs)),
  });
  return {
    machine: { processor: cpus()[0]!.model, cores: cpus().length, node: process.version },
    load: { before: loadBefore, after: loadavg()[0]! },
    calls: episodes * callsPerEpisode,
    rounds: options.rounds,
    javascript: { ...rowOf("javascript"), firstBatchMs: first.javascript.wallMs },
    python: { ...rowOf("python"), firstBatchMs: first.python.wallMs },
    native: rowOf("native"),
  };
}

/** Each episode in its own environment, four of each scenario type; its reference calls over and over. */
async function javascriptCalls(): Promise<ToolInvocation[]> {
  const author = createKnowledgeAuthor();
  const scenarios = Object.fromEntries(scenarioTypes.map((type) => [type, episodes / scenarioTypes.length]));
  const request = {
    split: "train",
    profile: "compact",
    scenarios,
    seed: 1,
    from: 0,
    count: episodes,
  } as const;
  const drafts = (await author.propose(request)).map((candidate) => draftTools(candidate));
  const { deployed, tables } = deploy(drafts, await author.subjectTables(subjectsOf(drafts)));
  return deployed.flatMap(({ environment }) => {
    const calls = referenceInvocations(environment, tables);
    return Array.from({ length: callsPerEpisode }, (_, i) => calls[i % calls.length]!);
  });
}

/** With tools of FTRL's test set, three of them an episode. */
function pythonCalls(): ToolInvocation[] {
  const file = new URL("../tests/fixtures/ftrl_tool_calls.jsonl", import.meta.url);
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; code: string; arguments: string });
  const perEpisode = Math.floor(rows.length / episodes);
  return Array.from({ length: episodes * callsPerEpisode }, (_, i) => {
    const row = rows[Math.floor(i / callsPerEpisode) * perEpisode + (i % perEpisode)]!;
    const { name, code, arguments: text } = row;
    return { program: { name, runtime: "python", code }, arguments: JSON.parse(text), argumentsText: text };
  });
}

/** FTRL's own way on the same calls: exec the tool's code, then call the function. */
function nativePython(invocations: readonly ToolInvocation[]): Spent {
  const script = `
import contextlib, io, json, sys, time
calls = json.load(sys.stdin)
wall, cpu = time.perf_counter(), time.process_time()
with contextlib.redirect_stdout(io.StringIO()):
    for name, code, text in calls:
        try:
            namespace = {}
            exec(code, namespace)
            namespace[name](**json.loads(text))
        except Exception:
            pass
print(json.dumps({"wallMs": (time.perf_counter() - wall) * 1000, "cpuMs": (time.process_time() - cpu) * 1000}))`;
  const input = JSON.stringify(
    invocations.map(({ program, argumentsText }) => [program.name, program.code, argumentsText]),
  );
  return JSON.parse(execFileSync("python3", ["-c", script], { input, encoding: "utf8" })) as Spent;
}

/** A batch by a child that waited for it. */
async function spent(invocations: readonly ToolInvocation[]): Promise<Spent> {
  await sleep(spareMs);
  const [wall, cpu] = [performance.now(), processorMs()];
  await sandbox.run(invocations);
  const wallMs = performance.now() - wall;
  await sleep(spareMs);
  return { wallMs, cpuMs: processorMs() - cpu };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** Beyond what a batch of one call takes, start-up included, where there is a child to start. */
function perCall(batches: readonly Spent[], single: readonly Spent[] | undefined): number {
  const all = mean(batches.map(({ cpuMs }) => cpuMs));
  if (!single) return all / (episodes * callsPerEpisode);
  return (all - mean(single.map(({ cpuMs }) => cpuMs))) / (episodes * callsPerEpisode - 1);
}

function spreadOf(numbers: readonly number[]) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return { leastMs: sorted[0]!, medianMs: sorted[Math.floor(sorted.length / 2)]!, mostMs: sorted.at(-1)! };
}

function tableOf(results: Awaited<ReturnType<typeof bench>>): string {
  const { machine, load } = results;
  const ms = (value: number | undefined) => (value?.toFixed(2) ?? "").padStart(9);
  return [
    `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}`,
    `ms a call, ${results.calls} calls, ${results.rounds} rounds`,
    "               median    least     most      CPU  start-up CPU, ms a child",
    ...(["javascript", "python", "native"] as const).map((name) => {
      const { medianMs, leastMs, mostMs, cpuMs, startUpCpuMs } = results[name];
      return `${name.padEnd(12)}${[medianMs, leastMs, mostMs, cpuMs, startUpCpuMs].map(ms).join("")}`;
    }),
  ].join("\n");
}
