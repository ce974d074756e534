/** The input of a training that goes on after an iteration of another: what stays, what changes, and what thereby differs. */
import { RatchetError } from "../errors.ts";
import { canonicalJson, isObject, type Json, type JsonObject, ownMember } from "../json.ts";
import type { UpdateRecipe } from "../ports/runs.ts";
import type { Difference } from "./difference.ts";
import type { ExperimentInput, TrainInput, TrainingSettings } from "./input.ts";
import type { Origin } from "./origin.ts";

/** Where a training of a run goes on, and what it does otherwise than the one it goes on after. */
export interface StageOrigin {
  readonly stage: string;
  readonly from: Origin;
  readonly changes: readonly Difference[];
}

/** The settings with those an update was made with, where a person or a tripwire changed them while it trained. */
export function inForce(
  training: TrainingSettings,
  { optimizer, loss }: Pick<UpdateRecipe, "optimizer" | "loss">,
): TrainingSettings {
  const { learningRate, weightDecay, maxGradientNorm } = optimizer;
  const weights =
    loss.kind === "sft"
      ? {}
      : { klCoefficient: loss.klCoefficient, entropyCoefficient: loss.entropyCoefficient };
  return { ...training, learningRate, weightDecay, maxGradientNorm, ...weights } as TrainingSettings;
}

/**
 * Names may be dotted. Throws InvalidInput where a value is what it was; whether names and values are allowed is for the
 * input's schema to say.
 */
export function withSettings(
  training: TrainingSettings,
  settings: Readonly<Record<string, Json>>,
): TrainingSettings {
  let changed = training as unknown as JsonObject;
  for (const [name, value] of Object.entries(settings)) {
    const path = name.split(".");
    if (canonicalJson(at(changed, path) ?? null) === canonicalJson(value))
      throw new RatchetError(
        "InvalidInput",
        `--set ${name}=${JSON.stringify(value)} changes nothing, that is its value already; give another or leave it out`,
        { field: "--set", name, value },
      );
    changed = put(changed, path, value);
  }
  return changed as unknown as TrainingSettings;
}

/** The leaves that differ, in the order of their names. */
export function differences(before: TrainingSettings, after: TrainingSettings): Difference[] {
  const [was, is] = [leaves(before as unknown as Json), leaves(after as unknown as Json)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => ({ name, from: was.get(name) ?? null, to: is.get(name) ?? null }))
    .filter(({ from, to }) => canonicalJson(from) !== canonicalJson(to));
}

/** "learningRate 0.001 -> 0.0001, samplesPerPrefix 8 -> 16" */
export const describeDifferences = (changes: readonly Difference[]): string =>
  changes.map(({ name, from, to }) => `${name} ${JSON.stringify(from)} -> ${JSON.stringify(to)}`).join(", ");

export interface Continuation {
  readonly id: string;
  /** Absent from the start. */
  readonly from: Origin | undefined;
  readonly training: TrainingSettings;
}

export function continueExperiment(
  input: ExperimentInput,
  stage: string,
  { id, from, training }: Continuation,
): ExperimentInput {
  const declared = input.stages[stage];
  if (declared?.type !== "train") throw new TypeError(`'${stage}' is no train stage`);
  const { from: _, ...kept } = declared;
  return {
    ...input,
    id,
    stages: { ...input.stages, [stage]: { ...kept, training, ...(from && { from }) } },
  };
}

export function continueTraining(
  { from: _, ...input }: TrainInput,
  { id, from, training }: Continuation,
): TrainInput {
  return { ...input, id, training, ...(from && { from }) };
}

function at(value: Json | undefined, [first, ...rest]: readonly string[]): Json | undefined {
  if (first === undefined) return value;
  return isObject(value) ? at(ownMember(value, first), rest) : undefined;
}

function put(value: Json | undefined, [first, ...rest]: readonly string[], leaf: Json): JsonObject {
  const object = isObject(value) ? value : {};
  return { ...object, [first!]: rest.length === 0 ? leaf : put(ownMember(object, first!), rest, leaf) };
}

function leaves(value: Json, name = ""): Map<string, Json> {
  if (!isObject(value)) return new Map([[name, value]]);
  return new Map(
    Object.entries(value).flatMap(([member, inner]) =>
      inner === undefined ? [] : [...leaves(inner, name === "" ? member : `${name}.${member}`)],
    ),
  );
}
