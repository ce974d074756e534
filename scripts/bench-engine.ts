/**
 * The engine beside its peers, on the same rows of SmolLM2-135M in float32: `npm run bench:engine -- [--json] [--only PARTS]
 * [--repetitions 3] [--growing WHAT]`. Sides take turns within one run, so what disturbs the machine disturbs all, after one
 * untimed request of each; ratios are those of each turn. Peers are installed into `.ratchet/bench/engine` (6 GB). About half an hour; `--only growth
 * --growing samples` measures one thing that grows, in a few minutes.
 */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../src/config/config.ts";
import { seededRandom } from "../src/core/random.ts";
import { prepareSmolLM2 } from "../src/engine/policies/smollm2.ts";
import { engineEnvironment } from "../src/services/worker.ts";
import { type Growing, growing, growth } from "./bench-engine/growth.ts";
import { type Peers, preparePeers } from "./bench-engine/peers.ts";
import { type Answer, type Row, Side, type SideRequest } from "./bench-engine/sides.ts";
import { optionsOf, refuse } from "./options.ts";

const compared = ["update", "sample", "iterate", "differentiate"] as const;
const parts = [...compared, "breakdown", "growth"] as const;
const options = optionsOf("bench:engine", {
  only: parts.join(","),
  repetitions: 3,
  growing: growing.join(","),
  json: false,
});
const unknown = options.only.split(",").find((part) => !parts.some((known) => known === part));
const { repetitions } = options;
if (unknown !== undefined)
  refuse("bench:engine", `--only names '${unknown}' and its parts are ${parts.join(", ")}`);
const wantedGrowing = options.growing.split(",") as Growing[];
const stranger = wantedGrowing.find((what) => !growing.includes(what));
if (stranger !== undefined)
  refuse("bench:engine", `--growing names '${stranger}' and what grows is ${growing.join(", ")}`);
const wants = (part: (typeof parts)[number]) => options.only.split(",").includes(part);

const root = fileURLToPath(new URL("..", import.meta.url));
const threads = 2;
const [promptTokens, samples, responseTokens, sequenceTokens] = [400, 16, 48, 1024];
const optimizer = {
  learningRate: 1e-6,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  maxGradientNorm: 1,
};

interface Measured {
  readonly side: string;
  readonly wallMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly peakMb: number;
  /** How many times as long as the embedded engine in the same turn: median, least and most; absent for the engine itself. */
  readonly ratio?: readonly [median: number, least: number, most: number];
}

const note = (text: string) => process.stderr.write(`${text}\n`);
const policies = join(readConfig(process.env).cacheFolder, "policies");
const policy = await prepareSmolLM2(policies, { offline: false });
const peersFolder = join(root, ".ratchet", "bench", "engine");
const oursCommand = (model: string, count: number) => [
  process.execPath,
  "--expose-gc",
  "--import",
  "tsx",
  join(root, "scripts", "bench-engine", "ours.ts"),
  model,
  String(count),
];
const openOurs = (model = policy, count = threads) =>
  Side.start("ratchet", oursCommand(model, count), root, count, engineEnvironment);

const report: Record<string, unknown> = {
  machine: { processor: cpus()[0]?.model, cores: cpus().length, node: process.version },
  settings: {
    threads,
    promptTokens,
    samples,
    responseTokens,
    sequenceTokens,
    repetitions,
    precision: "float32",
  },
  loadBefore: loadavg()[0],
};
const ours = await openOurs();
try {
  if (compared.some(wants)) await compare(preparePeers(peersFolder, policy, threads));
  if (wants("breakdown")) report.breakdown = await breakdown();
} finally {
  await ours.end();
}
if (wants("growth")) report.growth = await growth(openOurs, wantedGrowing, optimizer, note);
report.loadAfter = loadavg()[0];
process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${linesOf(report).join("\n")}\n`);

async function compare(peers: Peers): Promise<void> {
  report.peers = peers.versions;
  const torch = await Side.start("PyTorch", peers.torch, root, threads);
  // A process of its own: memory that kept activations took stays with their process.
  const frugal = await openOurs();
  const rows = await drawRows(torch);
  const { prompt } = rows[0]!;
  if (wants("update")) {
    const request = { op: "update", rows, klCoefficient: 0, optimizer } as const;
    const { measured, first } = await inTurns("update", [
      { side: ours, request },
      {
        side: frugal,
        label: "ratchet, activations recomputed",
        request: { ...request, activations: "recomputed" },
      },
      { side: torch, label: "PyTorch, 16 rows at once", request },
      { side: torch, label: "PyTorch, 4 rows at once", request: { ...request, microBatch: 4 } },
    ]);
    const [mine, , theirs] = first;
    report.agreement = {
      loss: [mine!.loss, theirs!.loss],
      gradientNorm: [mine!.gradientNorm, theirs!.gradientNorm],
    };
    report.uniqueTokens = mine!.uniqueTokens;
    report.update = measured;
  }
  if (wants("differentiate")) {
    const random = seededRandom(2);
    const ids = Array.from({ length: sequenceTokens }, () => random.integer(49_000));
    const request = { op: "differentiate", ids } as const;
    const { measured } = await inTurns("differentiate", [
      { side: ours, request },
      {
        side: frugal,
        label: "ratchet, activations recomputed",
        request: { ...request, activations: "recomputed" },
      },
      { side: torch, request },
    ]);
    report.differentiate = measured;
  }
  const sampling = { op: "sample", prompts: [prompt], samples, tokens: responseTokens } as const;
  if (wants("sample")) {
    const llama = await Side.start("llama.cpp", peers.llama, peers.folder, threads);
    const { measured } = await inTurns("sample", [
      { side: ours, request: sampling },
      { side: torch, label: "transformers generate", request: sampling },
      { side: llama, request: { ...sampling, share: false } },
      { side: llama, label: "llama.cpp, prompt state copied", request: { ...sampling, share: true } },
    ]);
    report.sample = measured;
    await llama.end();
  }
  await torch.end();
  await frugal.end();
  if (wants("iterate")) {
    const request = iteration(prompt);
    const trl = await Side.start("TRL GRPOTrainer", peers.trl, root, threads);
    const { measured } = await inTurns("iterate", [
      { side: ours, request },
      { side: trl, request },
    ]);
    report.iterate = measured;
    await trl.end();
  }
}

/** A KL coefficient above 0, so that both sides score by a reference. */
function iteration(prompt: readonly number[]): SideRequest {
  return { op: "iterate", prompt, samples, tokens: responseTokens, klCoefficient: 0.04, optimizer };
}

/** English for the prompt, so that TRL, which takes text, reads the same ids; drawn ids for the responses. */
async function drawRows(torch: Side): Promise<Row[]> {
  const text =
    "The tool takes the name of a country and gives its capital, its currency and its population. ";
  const { ids } = await torch.ask({ op: "encode", text: text.repeat(60) });
  const prompt = ids!.slice(0, promptTokens);
  const random = seededRandom(1);
  const drawn = Array.from({ length: samples }, () => ({
    prompt,
    response: Array.from({ length: responseTokens }, () => random.integer(49_000)),
  }));
  const { logprobs } = await torch.ask({ op: "score", rows: drawn });
  return drawn.map((row, i) => ({ ...row, logprobs: logprobs![i]!, advantage: random.next() * 2 - 1 }));
}

interface Turn {
  readonly side: Side;
  readonly label?: string;
  readonly request: SideRequest;
}

/** `first`: what each turn's untimed request answered, by which graphs are made, memory is touched and files are read. */
async function inTurns(
  title: string,
  turns: readonly Turn[],
): Promise<{ readonly measured: Measured[]; readonly first: Answer[] }> {
  const first: Answer[] = [];
  for (const { side, request } of turns) first.push(await side.ask(request));
  const answers: Answer[][] = turns.map(() => []);
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const [i, { side, label = side.name, request }] of turns.entries()) {
      const answer = await side.ask(request);
      answers[i]!.push(answer);
      note(`${title}: ${label} ${(answer.wallMs / 1000).toFixed(2)} s`);
    }
  const measured = turns.map(({ side, label = side.name }, i) => {
    const ratios = answers[i]!.map(({ wallMs }, r) => wallMs / answers[0]![r]!.wallMs).sort((a, b) => a - b);
    return {
      side: label,
      wallMs: answers[i]!.map(({ wallMs }) => wallMs),
      cpuMs: answers[i]!.map(({ cpuMs }) => cpuMs),
      peakMb: Math.max(...answers[i]!.map(({ peakMb }) => peakMb)),
      ...(i > 0 && { ratio: [ratios[(ratios.length - 1) >> 1]!, ratios[0]!, ratios.at(-1)!] as const }),
    };
  });
  return { measured, first };
}

/** Where an iteration's time goes, beside what the machine gives at most: products of large matrices, bytes read. */
async function breakdown() {
  const random = seededRandom(3);
  const prompt = Array.from({ length: promptTokens }, () => random.integer(49_000));
  const request = iteration(prompt);
  await ours.ask(request);
  const { wallMs, parts: seconds, gflop } = await ours.ask(request);
  const inGraphs = Object.values(seconds!).reduce((sum, part) => sum + part, 0);
  const [m, k, n] = [1024, 2048, 2048];
  const [rows, wide] = [8192, 16_384];
  await ours.ask({ op: "multiply", m, k, n });
  const product = await ours.ask({ op: "multiply", m, k, n });
  const vector = await ours.ask({ op: "multiply", m: 1, k: rows, n: wide });
  const gflopsAtMost = (2e-9 * m * k * n) / product.seconds!;
  const computed = Object.entries(gflop!).filter(([part]) => seconds![part] !== undefined);
  return {
    wallSeconds: wallMs / 1000,
    seconds: { ...seconds, "outside graphs": wallMs / 1000 - inGraphs },
    gflop,
    shareOfPeak: Object.fromEntries(
      computed.map(([part, count]) => [part, count / seconds![part]! / gflopsAtMost]),
    ),
    gflopsAtMost,
    gigabytesPerSecondAtMost: (4e-9 * rows * wide) / vector.seconds!,
  };
}

function linesOf(all: Record<string, unknown>): string[] {
  const tables = parts.flatMap((part) => {
    const measured = all[part];
    if (!Array.isArray(measured) || part === "growth") return [];
    return (measured as Measured[]).map(({ side, wallMs, peakMb, ratio }) => {
      const seconds = wallMs.map((ms) => (ms / 1000).toFixed(2)).join(" ");
      const times = ratio
        ? `  ${ratio[0].toFixed(2)} times [${ratio[1].toFixed(2)}, ${ratio[2].toFixed(2)}]`
        : "";
      return `${part.padEnd(14)}${side.padEnd(34)}${seconds} s  ${peakMb.toFixed(0)} MiB${times}`;
    });
  });
  const rest = Object.entries(all).filter(
    ([name]) => !parts.some((part) => part === name && part !== "growth" && part !== "breakdown"),
  );
  return [...tables, ...rest.map(([name, value]) => `${name}: ${JSON.stringify(value)}`)];
}
