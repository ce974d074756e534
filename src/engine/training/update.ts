/**
 * One policy update: every mini-batch of a request, one optimizer step each, in place. The result is a function of the
 * state and the request alone, bit for bit, for one thread count: packs are made in row order, gradients of packs are
 * added in that order, and a mini-batch's loss is the same however it was packed.
 */
import { isDeepStrictEqual } from "node:util";
import { RatchetError } from "../../core/errors.ts";
import type { OnProgress, UpdateMetrics, UpdateRequest } from "../../core/ports/policy.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { emptyLike, type Parameters, trainedParameters, type Weights } from "../model/weights.ts";
import { type AdamState, optimizerStep } from "../optimizer/adamw.ts";
import type { Runtime } from "../runtime/session.ts";
import type { LossSums } from "./batch-loss.ts";
import { checkPacks } from "./check-packs.ts";
import { checkMiniBatches } from "./check-rows.ts";
import { headSlices } from "./head.ts";
import { type Context, type MiniBatch, packMiniBatch, scorePack, trainMiniBatch } from "./mini-batch.ts";
import type { Pack } from "./pack.ts";
import { createProgress, type Progress } from "./progress.ts";
import { temperatureOf, tempered } from "./temperature.ts";

export interface TrainingState {
  /** What is trained of them is changed in place, as is the optimizer's state. */
  readonly weights: Weights;
  readonly optimizer: AdamState;
  /** Policy of the KL term, of the same shape; the KL is measured whenever there is one. */
  readonly reference?: Weights | undefined;
  /** Memory for the gradients, of the shapes of what is trained; its own where none is given. */
  readonly gradients?: Parameters | undefined;
}

export type UpdateSettings = Pick<
  UpdateRequest,
  "miniBatches" | "loss" | "optimizer" | "packTokens" | "activations"
>;

/** Holds what 1,400 tokens of a 135M-parameter Llama keep, two thirds of them targets. */
export const mostKeptBytes = 2 ** 30;

/**
 * Throws InvalidInput or PromptTooLong before any work when the request cannot be trained on, and what `onProgress` throws;
 * the state is then of no use.
 */
export async function runUpdate(
  runtime: Runtime,
  state: TrainingState,
  settings: UpdateSettings,
  onProgress: OnProgress,
): Promise<UpdateMetrics> {
  const { weights, reference } = state;
  checkMiniBatches(settings.miniBatches, settings.loss, weights.config);
  if (settings.loss.kind === "policy-gradient" && settings.loss.klCoefficient > 0 && !reference) {
    const message = `loss.klCoefficient is ${settings.loss.klCoefficient}, which needs a reference policy; name one or set it to 0`;
    throw new RatchetError("InvalidInput", message, { field: "reference" });
  }
  requireSameShape(weights, reference);
  const batches = settings.miniBatches.map((rows) => packMiniBatch(rows, settings.packTokens));
  checkPacks(
    batches.flatMap(({ packs }) => packs),
    settings.packTokens,
    weights.config,
  );
  const progress = createProgress(countRuns(batches, state, settings), onProgress);
  const context: Context = {
    runtime,
    tables: ropeTables(weights.config),
    keptBytes: settings.activations === "recomputed" ? 0 : mostKeptBytes,
    tick: progress.advance,
  };
  const references = await scoreByReference(context, state, settings, batches);
  const gradients = state.gradients ?? emptyLike(trainedParameters(weights));
  const steps: StepResult[] = [];
  for (const [b, batch] of batches.entries()) {
    const sums = await trainMiniBatch(context, weights, settings.loss, batch, references[b]!, gradients);
    steps.push({ ...sums, gradientNorm: await takeStep(state, settings, gradients, b, progress) });
    progress.advance();
  }
  return summarize(settings, batches, steps);
}

/** Packs are laid out, and turned by position, for the parent: in another model they would give numbers without meaning. */
function requireSameShape({ config }: Weights, reference: Weights | undefined): void {
  if (reference === undefined) return;
  const own: Readonly<Record<string, unknown>> = { ...config };
  const other: Readonly<Record<string, unknown>> = { ...reference.config };
  const names = Object.keys({ ...own, ...other });
  const name = names.find((field) => !isDeepStrictEqual(own[field], other[field]));
  if (name === undefined) return;
  const values = `its ${name} is ${JSON.stringify(other[name])} and the parent's ${JSON.stringify(own[name])}`;
  const message = `reference is a policy of another configuration than the parent: ${values}; name one of the parent's`;
  throw new RatchetError("InvalidInput", message, { field: "reference" });
}

const hasReference = ({ loss }: UpdateSettings, { reference }: TrainingState) =>
  loss.kind === "policy-gradient" && reference !== undefined;

/** log p of the entries under the reference, at the loss's temperature, per mini-batch and pack. */
async function scoreByReference(
  context: Context,
  state: TrainingState,
  settings: UpdateSettings,
  batches: readonly MiniBatch[],
): Promise<(Float32Array | undefined)[][]> {
  if (!hasReference(settings, state)) return batches.map(() => []);
  const reference = tempered(state.reference!, temperatureOf(settings.loss));
  const scores: Float32Array[][] = [];
  for (const { packs } of batches) {
    const ofPacks: Float32Array[] = [];
    for (const pack of packs) ofPacks.push(await scorePack(context, reference, pack));
    scores.push(ofPacks);
  }
  return scores;
}

interface StepResult extends LossSums {
  /** Before clipping. */
  readonly gradientNorm: number;
}

async function takeStep(
  { weights, optimizer }: TrainingState,
  { optimizer: settings }: UpdateSettings,
  gradients: Parameters,
  batch: number,
  { alive }: Progress,
): Promise<number> {
  const { arena } = trainedParameters(weights);
  const { norm, finite } = await optimizerStep(arena, gradients.arena, optimizer, settings, alive);
  if (finite) return norm;
  const [measure, found] = Number.isFinite(norm)
    ? ["weights", `a weight or moment after miniBatches[${batch}] is not finite`]
    : ["gradient norm", `gradient norm of miniBatches[${batch}] is ${norm}`];
  const message = `${found}; lower optimizer.learningRate (${settings.learningRate})`;
  throw new RatchetError("Diverged", message, { measure, value: null });
}

function summarize(
  { loss }: UpdateSettings,
  batches: readonly MiniBatch[],
  steps: readonly StepResult[],
): UpdateMetrics {
  const mean = (of: (step: StepResult) => number) =>
    steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  const policyLoss = mean((step) => step.policyLoss);
  const kl = mean((step) => step.kl);
  const entropy = mean((step) => step.entropy);
  const penalties = loss.kind === "sft" ? 0 : loss.klCoefficient * kl - loss.entropyCoefficient * entropy;
  return {
    steps: steps.length,
    loss: policyLoss + penalties,
    policyLoss,
    kl,
    entropy,
    clipFraction: mean((step) => step.clipFraction),
    gradientNorm: mean((step) => step.gradientNorm),
    responseTokens: batches.reduce((sum, { tokens }) => sum + tokens, 0),
    packedTokens: batches.flatMap(({ packs }) => packs).reduce((sum, { tokens }) => sum + tokens.length, 0),
  };
}

/** Layers, head slices and optimizer steps that the update will run. */
function countRuns(batches: readonly MiniBatch[], state: TrainingState, settings: UpdateSettings): number {
  const { config } = state.weights;
  const passes = hasReference(settings, state) ? 3 : 2;
  const work = (pack: Pack) => config.layers + headSlices(config, pack.targets.length).length;
  return batches.reduce(
    (sum, { packs }) => sum + 1 + passes * packs.reduce((runs, pack) => runs + work(pack), 0),
    0,
  );
}
