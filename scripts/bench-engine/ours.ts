/**
 * The embedded engine's side of `npm run bench:engine`: reads one request a line, does it, and answers with what it took.
 * Arguments: the policy's folder, or a JSON configuration whose weights are drawn; and the thread count.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { TrainingRow } from "../../src/core/ports/policy.ts";
import { seededRandom } from "../../src/core/random.ts";
import { readWeights } from "../../src/engine/formats/checkpoint.ts";
import { createGraph } from "../../src/engine/graph/graph.ts";
import { parseLlamaConfig } from "../../src/engine/model/config.ts";
import { ropeTables } from "../../src/engine/model/rope-tables.ts";
import { emptyWeights, type Weights } from "../../src/engine/model/weights.ts";
import type { AdamState } from "../../src/engine/optimizer/adamw.ts";
import { Runtime } from "../../src/engine/runtime/session.ts";
import { sessionCapacity } from "../../src/engine/runtime/work.ts";
import { BlockCache } from "../../src/engine/sampling/block-cache.ts";
import { standardLimits } from "../../src/engine/sampling/limits.ts";
import { samplingPolicy } from "../../src/engine/sampling/policy.ts";
import { sampleShard } from "../../src/engine/sampling/sample.ts";
import { packMiniBatch, trainMiniBatch } from "../../src/engine/training/mini-batch.ts";
import { mostKeptBytes, runUpdate } from "../../src/engine/training/update.ts";
import { gflopOf } from "./arithmetic.ts";
import type { Activations, Answer, Row, SideRequest, UpdateCase } from "./sides.ts";

const [model, threads] = process.argv.slice(2) as [string, string];
const packTokens = 4096;
const nothing = () => {};

/** Seconds spent in each kind of graph, since the last look. */
const spent = new Map<string, number>();

/** A forward graph that keeps nothing is the reference's: what an iteration trains on fits the memory for activations. */
function partOf(key: string): string {
  const kind = key.split(" ")[0]!;
  const keeps = key.endsWith(" kept") || key.includes('"keeps":true');
  return (kind === "layer-forward" || kind === "head-forward") && !keeps ? `reference ${kind}` : kind;
}

class TimedRuntime extends Runtime {
  override async run(...[source, ...rest]: Parameters<Runtime["run"]>): ReturnType<Runtime["run"]> {
    const begin = performance.now();
    try {
      return await super.run(source, ...rest);
    } finally {
      const part = partOf(source.key);
      spent.set(part, (spent.get(part) ?? 0) + (performance.now() - begin) / 1000);
    }
  }
}

const runtime = new TimedRuntime({
  threads: Number(threads),
  provider: "cpu",
  sessionCapacity: sessionCapacity(Number(threads)),
});
const weights = model.startsWith("{") ? drawnWeights(model) : await readWeights(model);
const adam: AdamState = {
  step: 0,
  m: emptyWeights(weights.config).arena,
  v: emptyWeights(weights.config).arena,
};
/** Made when a case first asks for one; a KL term costs a pass, whatever the reference holds. */
let reference: Weights | undefined;
/** As the engine process does, one arena for every update. */
let gradients: Weights | undefined;
let samplings = 0;

function drawnWeights(config: string): Weights {
  const drawn = emptyWeights(parseLlamaConfig(JSON.parse(config)));
  const { next } = seededRandom(1);
  for (const { shape, data } of drawn.tensors.values())
    for (let i = 0; i < data.length; i++) data[i] = shape.length === 1 ? 1 : 0.04 * (next() - 0.5);
  return drawn;
}

const trainingRow = ({ prompt, response, advantage, logprobs }: Row): TrainingRow => ({
  prompt,
  response,
  mask: response.map(() => 1 as const),
  advantages: response.map(() => advantage),
  logprobs,
});

async function update({ rows, klCoefficient, optimizer, activations = "kept" }: UpdateCase) {
  if (klCoefficient > 0 && reference === undefined) {
    reference = emptyWeights(weights.config);
    reference.arena.set(weights.arena);
  }
  const loss = {
    kind: "policy-gradient",
    clipLow: 0.2,
    clipHigh: 0.2,
    clipDual: 3,
    klCoefficient,
    entropyCoefficient: 0,
  } as const;
  const settings = { miniBatches: [rows.map(trainingRow)], loss, optimizer, packTokens, activations };
  gradients ??= emptyWeights(weights.config);
  const state = { weights, optimizer: adam, reference: klCoefficient > 0 ? reference : undefined, gradients };
  const metrics = await runUpdate(runtime, state, settings, nothing);
  return { loss: metrics.loss, gradientNorm: metrics.gradientNorm, uniqueTokens: metrics.packedTokens };
}

/** Each call has a cold cache and another seed; no token ends a response, so that all sides sample equally many. */
async function sample(prompts: readonly (readonly number[])[], samples: number, tokens: number) {
  const policy = samplingPolicy(`bench ${samplings++}`, weights, []);
  const sampler = { runtime, cache: new BlockCache(2 ** 30), limits: standardLimits };
  const requests = prompts.map((prompt, p) => ({
    prompt,
    seeds: Array.from({ length: samples }, (_, s) => samplings * 10_000 + p * 100 + s),
  }));
  return sampleShard(sampler, policy, requests, { temperature: 1, topP: 1, maxNewTokens: tokens }, nothing);
}

/** One RL iteration: samples, a reward, the reference's scores and the update. */
async function iterate({ prompt, samples, tokens, ...rest }: Extract<SideRequest, { op: "iterate" }>) {
  const [responses] = await sample([prompt], samples, tokens);
  const rewards = responses!.map((response) => response.tokens.filter((token) => token % 2 === 0).length);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const rows = responses!.map((response, i) => ({
    prompt,
    response: response.tokens,
    logprobs: response.logprobs,
    advantage: rewards[i]! - mean,
  }));
  const { packs } = packMiniBatch(rows.map(trainingRow), packTokens);
  const sampled = { promptTokens: prompt.length, samples, responseTokens: tokens };
  return { ...(await update({ rows, ...rest })), gflop: gflopOf(weights.config, packs[0]!, sampled) };
}

async function differentiate(tokens: readonly number[], activations: Activations = "kept") {
  const [first, ...response] = tokens;
  const row = trainingRow({ prompt: [first!], response, advantage: 1, logprobs: [] });
  const batch = packMiniBatch([row], packTokens);
  const keptBytes = activations === "kept" ? mostKeptBytes : 0;
  const context = { runtime, tables: ropeTables(weights.config), keptBytes, tick: nothing };
  gradients ??= emptyWeights(weights.config);
  const sums = await trainMiniBatch(context, weights, { kind: "sft" }, batch, [undefined], gradients);
  return { loss: sums.policyLoss };
}

/** Y = X W^T, [m, k] x [n, k]: what the machine gives at most. */
async function multiply(m: number, k: number, n: number) {
  const graph = createGraph();
  const [x, w] = [graph.input("x", [m, k]), graph.input("w", [n, k])];
  graph.output("y", graph.op("Gemm", [x, w], { shape: [m, n] }, { transB: 1 }));
  const source = { key: `multiply ${m} ${k} ${n}`, build: () => graph.encode() };
  const { f32 } = await import("../../src/engine/runtime/session.ts");
  const feeds = {
    x: f32(new Float32Array(m * k).fill(0.5), [m, k]),
    w: f32(new Float32Array(n * k).fill(0.25), [n, k]),
  };
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10; i++) {
    const begin = performance.now();
    await runtime.run(source, feeds);
    seconds = Math.min(seconds, (performance.now() - begin) / 1000);
  }
  return { seconds };
}

async function perform(request: SideRequest): Promise<object> {
  switch (request.op) {
    case "update":
      return update(request);
    case "sample":
      await sample(request.prompts, request.samples, request.tokens);
      return {};
    case "iterate":
      return iterate(request);
    case "differentiate":
      return differentiate(request.ids, request.activations);
    case "multiply":
      return multiply(request.m, request.k, request.n);
    case "score":
    case "encode":
      throw new Error(`${request.op} is for the peer`);
  }
}

function peakMb(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  // What the request before left behind is not this one's peak.
  globalThis.gc?.();
  writeFileSync("/proc/self/clear_refs", "5");
  spent.clear();
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const result = await perform(JSON.parse(line) as SideRequest);
  const wallMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  const parts = Object.fromEntries(spent);
  const answer: Answer = { ...result, wallMs, cpuMs: (user + system) / 1000, peakMb: peakMb(), parts };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await runtime.release();
