/**
 * One mini-batch: what its packs predict, and the gradient of its loss. Both come from packs one after the other, and the
 * loss divides by the tokens of all of them, so it is the same however the rows were packed.
 */
import type { LossSettings, TrainingRow } from "../../core/ports/policy.ts";
import type { RopeTables } from "../model/rope-tables.ts";
import type { Parameters, Weights } from "../model/weights.ts";
import type { Runtime } from "../runtime/session.ts";
import { type EntryInputs, type LossSums, packLoss, perEntry } from "./batch-loss.ts";
import { backwardHead, forwardHead, logitBytes } from "./head.ts";
import { backwardLayers, forwardLayers, type Tick } from "./layers.ts";
import { type Pack, packRows } from "./pack.ts";
import { preparePack } from "./prepared-pack.ts";
import { temperatureOf, tempered, untemper } from "./temperature.ts";

export interface MiniBatch {
  readonly rows: readonly TrainingRow[];
  readonly packs: readonly Pack[];
  /** Response tokens trained on. */
  readonly tokens: number;
}

/** What every pass runs with. */
export interface Context {
  readonly runtime: Runtime;
  readonly tables: RopeTables;
  /** Most bytes of a pack's activations that are kept for its backward pass; the others are computed again. */
  readonly keptBytes: number;
  readonly tick: Tick;
}

export function packMiniBatch(rows: readonly TrainingRow[], packTokens: number): MiniBatch {
  const packs = packRows(rows, packTokens);
  return { rows, packs, tokens: packs.reduce((sum, { entries }) => sum + entries.length, 0) };
}

/** log p of each entry, by one packed forward pass; of tempered weights at their temperature. */
export async function scorePack(
  { runtime, tables, tick }: Context,
  weights: Weights,
  pack: Pack,
): Promise<Float32Array> {
  const prepared = preparePack(pack, tables);
  const { states } = await forwardLayers(runtime, weights, prepared, 0, tick);
  const options = { entropy: false, keeps: false };
  const { logp } = await forwardHead(runtime, weights, pack.targets, states.at(-1)!, options, tick);
  return perEntry(pack.entries, logp);
}

/** Of what is kept, the logits' share: a megabyte of them spares about as much work as one of a layer's products. */
const logitShare = 1 / 4;

/** Writes the mini-batch's gradient to `gradients`, pack by pack, and returns its losses; `referenceLogp` per pack and entry. */
export async function trainMiniBatch(
  { runtime, tables, keptBytes, tick }: Context,
  untempered: Weights,
  loss: LossSettings,
  { rows, packs, tokens }: MiniBatch,
  referenceLogp: readonly (Float32Array | undefined)[],
  gradients: Parameters,
): Promise<LossSums> {
  const temperature = temperatureOf(loss);
  const weights = tempered(untempered, temperature);
  const total = { policyLoss: 0, kl: 0, entropy: 0, clipFraction: 0 };
  for (const [p, pack] of packs.entries()) {
    const prepared = preparePack(pack, tables);
    const wanted = logitBytes(weights.config, pack.targets.length);
    const keeps = wanted <= keptBytes * logitShare;
    const forLayers = keeps ? keptBytes - wanted : keptBytes;
    const activations = await forwardLayers(runtime, weights, prepared, forLayers, tick);
    const hidden = activations.states.at(-1)!;
    const values = await forwardHead(runtime, weights, pack.targets, hidden, { entropy: true, keeps }, tick);
    const inputs: EntryInputs = {
      advantages: Float32Array.from(pack.entries, ({ row, index }) => rows[row]!.advantages[index]!),
      oldLogp: Float32Array.from(pack.entries, ({ row, index }) => rows[row]!.logprobs?.[index] ?? 0),
      referenceLogp: referenceLogp[p],
    };
    const { sums, gradients: dTargets } = await packLoss(runtime, loss, pack, values, inputs, tokens);
    const sum = { parameters: gradients, adds: p > 0 };
    const dHidden = await backwardHead(runtime, weights, pack.targets, values, dTargets, sum, tick);
    await backwardLayers(runtime, weights, prepared, activations, dHidden, sum, tick);
    total.policyLoss += sums.policyLoss;
    total.kl += sums.kl;
    total.entropy += sums.entropy;
    total.clipFraction += sums.clipFraction;
  }
  untemper(gradients, temperature);
  return total;
}
