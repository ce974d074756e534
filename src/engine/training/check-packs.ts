/** Refuses packs of which one run of the engine would take longer than a worker may be silent, before any work starts. */
import { RatchetError } from "../../core/errors.ts";
import type { LlamaConfig } from "../model/config.ts";
import { layerShapes } from "../model/weights.ts";
import type { Pack } from "./pack.ts";

/**
 * Floating-point operations of a layer's backward pass, the longest run between two signs of life: 12 s at 166 GFLOP/s
 * (docs/benchmarks.md) of the 20 s after which an update's worker is taken for dead, as attention is not counted. Of no
 * machine's own speed, or another machine would refuse other packs.
 */
const mostOperations = 2e12;

/** 2 for each weight and token forward, which is computed again, and 4 for the two gradients. */
const operationsPerWeight = 6;

/** Throws InvalidInput. */
export function checkPacks(packs: readonly Pack[], packTokens: number, config: LlamaConfig): void {
  const longest = packs.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const weights = [...layerShapes(config).values()]
    .filter((shape) => shape.length === 2)
    .reduce((sum, [out, width]) => sum + out! * width!, 0);
  const operations = operationsPerWeight * weights * longest;
  if (operations <= mostOperations) return;
  const limit = Math.floor(mostOperations / (operationsPerWeight * weights));
  const nextStep =
    longest > packTokens
      ? `a row has that many by itself: have rows of at most ${limit}`
      : `set packTokens to at most ${limit}`;
  throw new RatchetError(
    "InvalidInput",
    `packTokens is ${packTokens}, and a pack of ${longest} tokens takes ${operations.toExponential(1)} operations in one layer of this model, over the ${mostOperations.toExponential(0)} in which a worker may be silent; ${nextStep}`,
    { field: "packTokens", value: packTokens, limit },
  );
}
