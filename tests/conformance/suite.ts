/**
 * The trainer contract's conformance suite: golden batches with the losses, gradient norms and weights that torch and
 * transformers give, asked of any program that takes a request's path. What it finds wrong is a list of sentences.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoraSettings, TrainingRow } from "../../src/core/ports/policy.ts";
import { forestOf } from "../../src/engine/contract/batch.ts";
import { writeBatchFile } from "../../src/engine/contract/batch-file.ts";
import type { ContractRequest } from "../../src/engine/contract/update-request.ts";
import { readAdapter, writeAdapter } from "../../src/engine/formats/adapter-file.ts";
import {
  policyTextFiles,
  readOptimizerState,
  readWeights,
  writeWeights,
} from "../../src/engine/formats/checkpoint.ts";
import { weightsFile } from "../../src/engine/formats/folder-tensors.ts";
import { parseLlamaConfig } from "../../src/engine/model/config.ts";
import { tensorOf } from "../../src/engine/model/weights.ts";
import { type ConformanceCase, conformanceCases } from "../goldens/conformance.ts";
import { goldenWeights } from "../goldens/llama.ts";
import { goldenAdapter } from "../goldens/lora.ts";

const contractName = "ratchet.update.v1";
/** Of max(1, |x|); of a weight after three clipped AdamW steps at 0.02, in float32. */
const tolerances = { metric: 1e-4, weight: 2e-5 };

export type Trainer = readonly [command: string, ...args: string[]];

/**
 * Sentences about what the trainer gets wrong, each begun with its case; empty where it conforms. `folder` is empty at
 * first and is kept.
 */
export async function conformanceFaults(
  trainer: Trainer,
  folder: string,
  cases: readonly string[] = Object.keys(conformanceCases),
): Promise<string[]> {
  const faults: string[] = [];
  for (const [i, name] of cases.entries()) {
    const found = await caseFaults(trainer, join(folder, `case-${i}`), conformanceCases[name]!);
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  }
  return faults;
}

/** All steps in one update, and once more in two of which the second carries the optimizer on. */
async function caseFaults(trainer: Trainer, folder: string, golden: ConformanceCase): Promise<string[]> {
  const weights = await policyFolder(join(folder, "weights"), golden, golden.weights);
  const base = golden.adapter && weights;
  const parent = golden.adapter
    ? await adapterFolder(join(folder, "parent"), golden, golden.adapter.before)
    : weights;
  const reference =
    golden.reference && (await policyFolder(join(folder, "reference"), golden, golden.reference));
  const [first, ...rest] = golden.miniBatches;
  const ask = (name: string, from: string, miniBatches: typeof golden.miniBatches, carryOptimizer: boolean) =>
    update(
      trainer,
      join(folder, name),
      golden,
      { parent: from, base, reference, carryOptimizer },
      miniBatches,
    );
  const whole = await ask("whole", parent, golden.miniBatches, false);
  const begun = await ask("begun", parent, [first!], false);
  const continued = await ask("continued", join(folder, "begun", "output"), rest, true);
  const wholeOutput = join(folder, "whole", "output");
  const continuedOutput = join(folder, "continued", "output");
  const inOne = "three steps in one update";
  const inTwo = "one step, then two that carry on";
  const outputs = [
    ...(whole.length > 0
      ? []
      : [
          await found(`${inOne}: metrics.json`, () => metricFaults(golden, wholeOutput)),
          await found(inOne, () => stateFaults(golden, wholeOutput)),
          await found(inOne, () => fileFaults(golden, parent, wholeOutput)),
        ]),
    ...(continued.length > 0 ? [] : [await found(inTwo, () => stateFaults(golden, continuedOutput))]),
  ];
  return [...whole, ...begun, ...continued, ...outputs.flat()];
}

/** What was looked at and what is wrong with it; that it cannot be read is as much the trainer's. */
async function found(what: string, look: () => string[] | Promise<string[]>): Promise<string[]> {
  const faults = await Promise.resolve()
    .then(look)
    .catch((error: Error) => [error.message]);
  return faults.map((fault) => `${what}: ${fault}`);
}

type Tensors = ConformanceCase["weights"];

async function policyFolder(folder: string, { config }: ConformanceCase, tensors: Tensors): Promise<string> {
  writeTexts(folder, config);
  await writeWeights(folder, goldenWeights(config, tensors));
  return folder;
}

async function adapterFolder(folder: string, { config }: ConformanceCase, tensors: Tensors): Promise<string> {
  writeTexts(folder, config);
  await writeAdapter(folder, goldenAdapter(tensors));
  return folder;
}

function writeTexts(folder: string, config: object): void {
  mkdirSync(folder, { recursive: true });
  // No program that writes these anew would write these bytes.
  for (const name of policyTextFiles) writeFileSync(join(folder, name), `{ "file":\t"${name}" } `);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: 0 }));
}

async function update(
  [command, ...args]: Trainer,
  folder: string,
  golden: ConformanceCase,
  from: Pick<ContractRequest, "parent" | "base" | "reference" | "carryOptimizer">,
  miniBatches: readonly (readonly TrainingRow[])[],
): Promise<string[]> {
  mkdirSync(folder);
  const batch = join(folder, "batch.safetensors");
  await writeBatchFile(batch, forestOf(miniBatches));
  const request: ContractRequest = {
    contract: contractName,
    ...from,
    batch,
    output: join(folder, "output"),
    loss: golden.loss,
    optimizer: golden.optimizer,
    ...(golden.adapter && { lora: loraOf(golden.adapter.lora) }),
    packTokens: 16,
  };
  const file = join(folder, "request.json");
  writeFileSync(file, JSON.stringify(request));
  const { status, stderr, error } = spawnSync(command, [...args, file], { encoding: "utf8" });
  if (status === 0) return [];
  return [`${file}: the trainer ended with ${status ?? error?.message}: ${stderr.trim().split("\n").at(-1)}`];
}

/** The adapter is there already, so that the seed draws nothing. */
const loraOf = ({ targetModules, ...rest }: LoraSettings) => ({
  ...rest,
  targetModules: [...targetModules],
  seed: 0,
});

function metricFaults(golden: ConformanceCase, output: string): string[] {
  const file = join(output, "metrics.json");
  const { contract, metrics } = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
  const named = contract === contractName ? [] : [`contract is ${contract} and not ${contractName}`];
  const far = Object.entries({ ...golden.metrics, steps: 3 }).flatMap(([name, expected]) => {
    const given = (metrics as Readonly<Record<string, unknown>> | undefined)?.[name];
    const near =
      typeof given === "number" &&
      Math.abs(given - expected) <= tolerances.metric * Math.max(1, Math.abs(expected));
    return near ? [] : [`${name} is ${given} and not ${expected}`];
  });
  return [...named, ...far];
}

/** The parent's small files byte for byte, and an adapter without weights beside it. */
function fileFaults({ adapter }: ConformanceCase, parent: string, output: string): string[] {
  const changed = policyTextFiles.flatMap((name) => {
    const file = join(output, name);
    const given = existsSync(file) ? readFileSync(file) : undefined;
    if (given?.equals(readFileSync(join(parent, name)))) return [];
    return [`${name} is ${given ? "not the parent's, byte for byte" : "missing"}`];
  });
  return [
    ...changed,
    ...(adapter && existsSync(join(output, weightsFile))
      ? [`${weightsFile} is written beside an adapter`]
      : []),
  ];
}

/** The golden weights, or the golden adapter and no weights beside it, and an optimizer that took three steps. */
async function stateFaults(golden: ConformanceCase, output: string): Promise<string[]> {
  const trained = golden.adapter
    ? await readAdapter(output, parseLlamaConfig(golden.config))
    : await readWeights(output);
  const far = [...trained.tensors.keys()].flatMap((name) => {
    const { data } = tensorOf(trained, name);
    const error = Math.max(...golden.after[name]!.data.map((value, i) => Math.abs(data[i]! - value)));
    return error <= tolerances.weight ? [] : [`weights of ${name} are off by ${error.toExponential(1)}`];
  });
  const steps = (await readOptimizerState(output, trained))?.step;
  return steps === 3 ? far : [...far, `optimizer.safetensors says ${steps} steps and not 3`];
}
