/** Which candidates to propose next: whole batches of indices, enough for what a set still misses. */
import type { ScenarioType } from "../environment/environment.ts";

export interface Batch {
  /** Index of the first candidate. */
  readonly from: number;
  readonly count: number;
}

export type ScenarioCounts = Readonly<Partial<Record<ScenarioType, number>>>;

/** Candidates of one batch: one sandbox child checks them all. */
const batchSize = 32;
/** Asked for beyond what is missing, since some fail a gate or repeat another. */
const spare = 1.15;

/**
 * Candidates cycle through the scenario types in proportion to `wanted`, so the scarcest type decides how many are
 * needed. Indices continue at `from`, and none is proposed twice.
 */
export function planBatches(wanted: ScenarioCounts, missing: ScenarioCounts, from: number): Batch[] {
  const total = Object.values(wanted).reduce((sum, count) => sum + count, 0);
  const rounds = Object.entries(missing).map(([type, count]) => count / (wanted[type as ScenarioType] || 1));
  const count = Math.ceil(Math.max(0, ...rounds) * total * spare);
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, i) => ({
    from: from + i * batchSize,
    count: Math.min(batchSize, count - i * batchSize),
  }));
}
