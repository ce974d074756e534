/**
 * A policy as a folder in Hugging Face's layout: weights (`transformers` loads them) or an adapter of another folder's
 * weights (as `peft` loads it), configuration, tokenizer with its chat template, and AdamW's state where there is one. A
 * successor's small files are its parent's, byte for byte.
 */
import { copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileDigest } from "../../core/ports/artifacts.ts";
import { type LlamaConfig, parseLlamaConfig } from "../model/config.ts";
import {
  type Allocate,
  emptyLike,
  emptyWeights,
  type Parameters,
  tensorOf,
  type Weights,
} from "../model/weights.ts";
import { adapterFile, writeAdapter } from "./adapter-file.ts";
import { requireFinite } from "./finite.ts";
import { folderTensors, isFile, weightsFile } from "./folder-tensors.ts";
import { readJson } from "./json-text.ts";
import { modelTensors } from "./model-tensors.ts";
import { placeIn, requireAll, sourcesOf } from "./parameter-tensors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { unreadable } from "./unreadable.ts";

export const optimizerFile = "optimizer.safetensors";

/** What a policy is beside its weights: written once, then carried from parent to successor. */
export const policyTextFiles = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
] as const;

/** AdamW's state: first and second moments in the shapes of what is trained, and the steps taken. */
export interface OptimizerState {
  readonly step: number;
  readonly m: Parameters;
  readonly v: Parameters;
}

/** Throws ModelUnreadable where one of the small files is missing that a successor takes over. */
export async function requirePolicyTexts(folder: string): Promise<void> {
  for (const name of policyTextFiles)
    if (!(await isFile(join(folder, name))))
      throw unreadable(
        folder,
        `it has no ${name}, which an updated policy takes over; save the model and its tokenizer there with transformers`,
      );
}

/** A policy folder's shape; throws ModelUnreadable naming the field that this engine cannot compute. */
export const readPolicyConfig = async (folder: string): Promise<LlamaConfig> =>
  parseLlamaConfig(await readJson(join(folder, "config.json")), join(folder, "config.json"));

/** Throws ModelUnreadable where a tensor is missing, misshapen or not finite, or has no place in this architecture. */
export async function readWeights(folder: string, allocate?: Allocate): Promise<Weights> {
  const config = await readPolicyConfig(folder);
  // Names and shapes first: memory is taken for what the file holds, not for what config.json promises.
  const tensors = modelTensors(folder, config, await folderTensors(folder));
  const weights = emptyWeights(config, allocate);
  for (const { name, read } of tensors) await read(tensorOf(weights, name).data);
  return weights;
}

/** The optimizer's state for these parameters, or undefined where the folder has none (a policy that was never trained). */
export async function readOptimizerState(
  folder: string,
  parameters: Parameters,
  allocate?: Allocate,
): Promise<OptimizerState | undefined> {
  const file = join(folder, optimizerFile);
  const isThere = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // A disk that fails must not pass for a policy that was never trained.
      if (error.code !== "ENOENT") throw error;
      return false;
    },
  );
  if (!isThere) return undefined;
  const m = emptyLike(parameters, allocate);
  const v = emptyLike(parameters, allocate);
  const step = new Int32Array(1);
  const found = await readSafetensors(file, (name, shape, dtype) => {
    if (name === "step") {
      if (dtype === "I32" && `${shape}` === "1") return step;
      throw unreadable(file, `tensor 'step' is ${dtype} [${shape}], and a count of steps is I32 [1]`, {
        name,
      });
    }
    return name.startsWith("m.")
      ? placeIn(file, m, "m.", "config.json")(name, shape, dtype)
      : placeIn(file, v, "v.", "config.json")(name, shape, dtype);
  });
  requireAll(file, m.tensors.keys(), "m.", found);
  requireAll(file, v.tensors.keys(), "v.", found);
  if (!found.has("step")) throw unreadable(file, "it has no tensor 'step'");
  for (const [name, { data }] of found) requireFinite(file, name, data);
  if (step[0]! < 0)
    throw unreadable(file, `tensor 'step' holds ${step[0]}, and is a count of steps`, { name: "step" });
  for (const [name, { data }] of v.tensors) requireSquares(file, `v.${name}`, data);
  return { step: step[0]!, m, v };
}

/** The optimizer divides by their roots. */
function requireSquares(file: string, name: string, data: Float32Array): void {
  let at = 0;
  // No function is called for each of a hundred million values.
  while (at < data.length && data[at]! >= 0) at++;
  if (at < data.length)
    throw unreadable(file, `tensor '${name}' holds ${data[at]} at element ${at}, and is a mean of squares`, {
      name,
    });
}

export interface WrittenCheckpoint {
  /** Of the weights' file, or of the adapter's. */
  readonly weightsSha256: string;
  /** Absent where no optimizer state was written. */
  readonly optimizerSha256: string | undefined;
  /** The weights' or adapter's file and the optimizer's, by name. */
  readonly files: Readonly<Record<string, FileDigest>>;
}

/** Fills an existing folder with the successor of the policy in `parentFolder`; the same state gives the same bytes. */
export async function writeCheckpoint(
  folder: string,
  parentFolder: string,
  weights: Weights,
  optimizer: OptimizerState | undefined,
): Promise<WrittenCheckpoint> {
  for (const name of policyTextFiles) await copyFile(join(parentFolder, name), join(folder, name));
  const { adapter } = weights;
  const writing = [
    adapter ? writeAdapter(folder, adapter) : writeWeights(folder, weights),
    ...(optimizer ? [writeOptimizerState(folder, optimizer)] : []),
  ];
  // Whoever is told of a failure removes the folder.
  await Promise.allSettled(writing);
  const [first, second] = await Promise.all(writing);
  return {
    weightsSha256: first!.sha256,
    optimizerSha256: second?.sha256,
    files: { [adapter ? adapterFile : weightsFile]: first!, ...(second && { [optimizerFile]: second }) },
  };
}

const writeOptimizerState = (folder: string, { m, v, step }: OptimizerState) =>
  writeSafetensors(join(folder, optimizerFile), [
    ...sourcesOf(m, "m."),
    ...sourcesOf(v, "v."),
    { name: "step", dtype: "I32", shape: [1], read: () => Int32Array.of(step) },
  ]);

/** Writes `model.safetensors` into an existing folder. */
export function writeWeights(folder: string, weights: Weights): Promise<FileDigest> {
  return writeSafetensors(join(folder, weightsFile), sourcesOf(weights, ""));
}
