/** The loss of one pack's entries and its gradients with respect to the pack's targets. */
import type { LossSettings } from "../../core/ports/policy.ts";
import { policyLossGraph } from "../losses/policy-loss.ts";
import { sftLossGraph } from "../losses/sft-loss.ts";
import { f32, type HostTensor, type Runtime } from "../runtime/session.ts";
import { roundUp, sizeMultiple } from "./attention-plan.ts";
import type { TargetGradients, TargetValues } from "./head.ts";
import type { Entry, Pack } from "./pack.ts";

/** One value per entry of the pack. */
export interface EntryInputs {
  readonly advantages: Float32Array;
  readonly oldLogp: Float32Array;
  /** Undefined where there is no reference policy. */
  readonly referenceLogp: Float32Array | undefined;
}

/** This pack's part of the mini-batch's sums: parts add up to the whole. */
export interface LossSums {
  readonly policyLoss: number;
  readonly kl: number;
  readonly entropy: number;
  readonly clipFraction: number;
}

/** The entries' values out of the targets' ones. */
export const perEntry = (entries: readonly Entry[], values: Float32Array) =>
  Float32Array.from(entries, ({ target }) => values[target]!);

/** `tokens` is the number of trained tokens of the whole mini-batch: losses are token-means over it. */
export async function packLoss(
  runtime: Runtime,
  settings: LossSettings,
  { entries, targets }: Pick<Pack, "entries" | "targets">,
  values: TargetValues,
  inputs: EntryInputs,
  tokens: number,
): Promise<{ sums: LossSums; gradients: TargetGradients }> {
  const size = roundUp(entries.length, sizeMultiple);
  const padded = (data: Float32Array) => {
    const whole = new Float32Array(size);
    whole.set(data);
    return f32(whole, [size]);
  };
  const weight = padded(new Float32Array(entries.length).fill(1 / tokens));
  const logp = padded(perEntry(entries, values.logp));
  /** Entries that share a target add their gradients, in the order of entries. */
  const perTarget = (gradient: HostTensor) => {
    const sum = new Float32Array(targets.length);
    const data = gradient.data as Float32Array;
    for (const [i, { target }] of entries.entries()) sum[target]! += data[i]!;
    return sum;
  };
  switch (settings.kind) {
    case "sft": {
      const results = await runtime.run(sftLossGraph(size), { logp, weight });
      const entropy = perEntry(entries, values.entropy).reduce((sum, value) => sum + value, 0) / tokens;
      return {
        sums: { policyLoss: scalarOf(results.loss!), kl: 0, entropy, clipFraction: 0 },
        gradients: { logp: perTarget(results.dLogp!), entropy: undefined },
      };
    }
    case "policy-gradient": {
      const { referenceLogp } = inputs;
      const results = await runtime.run(policyLossGraph(settings, size, referenceLogp !== undefined), {
        logp,
        entropies: padded(perEntry(entries, values.entropy)),
        weight,
        share: weight,
        oldLogp: padded(inputs.oldLogp),
        advantages: padded(inputs.advantages),
        ...(referenceLogp && { referenceLogp: padded(referenceLogp) }),
      });
      return {
        sums: {
          policyLoss: scalarOf(results.policyLoss!),
          kl: scalarOf(results.kl!),
          entropy: scalarOf(results.entropy!),
          clipFraction: scalarOf(results.clipFraction!),
        },
        gradients: {
          logp: perTarget(results.dLogp!),
          entropy: settings.entropyCoefficient === 0 ? undefined : perTarget(results.dEntropy!),
        },
      };
    }
  }
}

const scalarOf = (tensor: HostTensor) => (tensor.data as Float32Array)[0]!;
