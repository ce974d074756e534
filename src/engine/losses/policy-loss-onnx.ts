/** The float32 policy loss of ragged sequences: what training computes, for comparison with the float64 formulas. */
import { f32, type Runtime } from "../runtime/session.ts";
import { type Aggregation, tokenWeights } from "./aggregation.ts";
import { type PolicyLossSettings, policyLossGraph, type policyLossScalars } from "./policy-loss.ts";

/** Ragged lists, one per sequence, of one shape; every token counts. */
export interface PolicyLossBatch {
  readonly logp: readonly (readonly number[])[];
  readonly oldLogp: readonly (readonly number[])[];
  readonly referenceLogp: readonly (readonly number[])[];
  readonly advantages: readonly (readonly number[])[];
}

export type PolicyLossValues = Readonly<Record<(typeof policyLossScalars)[number], number>> & {
  /** d(policyLoss + klCoefficient kl) / d(logp), shaped as the batch. */
  readonly gradient: readonly (readonly number[])[];
};

export async function policyLossOnnx(
  runtime: Runtime,
  batch: PolicyLossBatch,
  settings: Omit<PolicyLossSettings, "entropyCoefficient">,
  aggregation: Aggregation,
): Promise<PolicyLossValues> {
  const lengths = batch.logp.map((sequence) => sequence.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const weights_B = tokenWeights(lengths, aggregation);
  const vector = (values: readonly number[]) => f32(Float32Array.from(values), [tokens]);
  const results = await runtime.run(policyLossGraph({ ...settings, entropyCoefficient: 0 }, tokens, true), {
    logp: vector(batch.logp.flat()),
    oldLogp: vector(batch.oldLogp.flat()),
    referenceLogp: vector(batch.referenceLogp.flat()),
    advantages: vector(batch.advantages.flat()),
    entropies: vector(new Array(tokens).fill(0)),
    weight: vector(lengths.flatMap((length, b) => new Array(length).fill(weights_B[b]!))),
    share: vector(new Array(tokens).fill(1 / tokens)),
  });
  const numbers = (name: string) => [...(results[name]!.data as Float32Array)];
  const gradient = numbers("dLogp");
  let offset = 0;
  return {
    policyLoss: numbers("policyLoss")[0]!,
    kl: numbers("kl")[0]!,
    entropy: numbers("entropy")[0]!,
    clipFraction: numbers("clipFraction")[0]!,
    clipFractionLower: numbers("clipFractionLower")[0]!,
    approximateKl: numbers("approximateKl")[0]!,
    gradient: lengths.map((length) => {
      offset += length;
      return gradient.slice(offset - length, offset);
    }),
  };
}
