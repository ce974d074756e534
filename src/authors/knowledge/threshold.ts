/** A round number that divides values: some lie above it, some below, and none on it. */
import type { Random } from "../../core/random.ts";

/** Undefined where values are too close to each other for a number of three digits to lie between them. */
export function thresholdFor(values: readonly number[], random: Random): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const at = 1 + random.integer(Math.max(1, sorted.length - 1));
  const [low, high] = [sorted[at - 1]!, sorted[at]!];
  const middle = (low + high) / 2;
  for (const digits of [1, 2, 3]) {
    const rounded = Number(middle.toPrecision(digits));
    if (rounded > low && rounded < high) return rounded;
  }
  return undefined;
}
