/**
 * Training at the temperature T that the rows were sampled at: ratio, KL and entropy are of softmax(logits / T), as in veRL.
 * Logits are W (x g), with x the normalized state and g the final norm's gain, so logits / T are what the same graphs give
 * for g / T, and dL/dg = dL/d(g / T) / T. At a temperature of 1 nothing is touched.
 */
import type { LossSettings } from "../../core/ports/policy.ts";
import { finalNormName, type Parameters, tensorOf, type Weights } from "../model/weights.ts";

export const temperatureOf = (loss: LossSettings) => (loss.kind === "sft" ? 1 : (loss.temperature ?? 1));

/** The same weights, but for a final gain of their own: changes of the weights show in all else. */
export function tempered(weights: Weights, temperature: number): Weights {
  if (temperature === 1) return weights;
  const { shape, data } = tensorOf(weights, finalNormName);
  const gain = { shape, data: data.map((value) => value / temperature) };
  return { ...weights, tensors: new Map(weights.tensors).set(finalNormName, gain) };
}

/** Makes the gradient of tempered weights that of the weights; an adapter's has no gain and is that already. */
export function untemper({ tensors }: Parameters, temperature: number): void {
  const gain = tensors.get(finalNormName)?.data;
  if (temperature === 1 || gain === undefined) return;
  for (let i = 0; i < gain.length; i++) gain[i]! /= temperature;
}
