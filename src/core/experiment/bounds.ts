/**
 * Limits of the hyper-parameters that may change while a policy trains: said once, for the schema of inputs, which is made
 * from them, and for changes, which are checked inside workflows, where no schema is loaded.
 */

export interface Bounds {
  readonly least: number;
  /** Absent where there is none. */
  readonly most?: number;
  /** Whether the limits themselves are outside. */
  readonly aboveLeast?: true;
  readonly belowMost?: true;
}

export const bounds = {
  learningRate: { least: 0, most: 1 },
  weightDecay: { least: 0, most: 1 },
  maxGradientNorm: { least: 0 },
  klCoefficient: { least: 0, most: 10 },
  entropyCoefficient: { least: -1, most: 1 },
  "tripwires.maxKl": { least: 0, aboveLeast: true, most: 10 },
  "tripwires.minEntropy": { least: 0 },
  "tripwires.maxEntropy": { least: 0, aboveLeast: true },
  "tripwires.maxGradientSpike": { least: 1, aboveLeast: true },
  "tripwires.minRewardShare": { least: 0, aboveLeast: true, most: 1, belowMost: true },
} as const satisfies Record<string, Bounds>;

export function isWithin(value: unknown, { least, most, aboveLeast, belowMost }: Bounds): value is number {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (aboveLeast ? value <= least : value < least) return false;
  return most === undefined || (belowMost ? value < most : value <= most);
}

/** "from 0 to 1", "above 0 and at most 10", "of at least 0" */
export function describeBounds({ least, most, aboveLeast, belowMost }: Bounds): string {
  if (most === undefined) return aboveLeast ? `above ${least}` : `of at least ${least}`;
  if (!aboveLeast && !belowMost) return `from ${least} to ${most}`;
  return `${aboveLeast ? "above" : "of at least"} ${least} and ${belowMost ? "below" : "at most"} ${most}`;
}
