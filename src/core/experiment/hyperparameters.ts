/** Hyper-parameters a person may change while a policy trains; the change holds from the next iteration on. */
import type { TrainingSettings } from "./input.ts";

/** Name -> smallest and largest allowed value. */
const changeable = {
  learningRate: [0, 1],
  weightDecay: [0, 1],
  maxGradientNorm: [0, 1e9],
  klCoefficient: [0, 10],
  entropyCoefficient: [0, 1],
  "tripwires.maxKl": [0, 10],
  "tripwires.minEntropy": [0, 1e9],
  "tripwires.maxEntropy": [0, 1e9],
  "tripwires.maxGradientSpike": [1, 1e9],
  "tripwires.minRewardShare": [0, 1],
} as const satisfies Record<string, readonly [number, number]>;

export type HyperparameterChange = { readonly [name in keyof typeof changeable]?: number };

/** What a loss without a reference, a policy's entropy and a reward has no term for. */
const reinforcementOnly: readonly string[] = [
  "klCoefficient",
  "entropyCoefficient",
  "tripwires.maxKl",
  "tripwires.minRewardShare",
];

/** Throws a plain Error with one sentence; it runs inside workflows, so it is pure and imports nothing. */
export function validateChange(change: HyperparameterChange, algorithm: string): void {
  if (Object.keys(change).length === 0)
    throw new Error(`nothing to change; what can be: ${Object.keys(changeable).join(", ")}`);
  for (const [name, value] of Object.entries(change)) {
    if (!(name in changeable))
      throw new Error(
        `'${name}' cannot be changed while training; what can: ${Object.keys(changeable).join(", ")}`,
      );
    if (algorithm === "sft" && reinforcementOnly.includes(name))
      throw new Error(
        `'${name}' weighs or limits a term that supervised training (algorithm "sft") does not have; change it on a reinforcement stage`,
      );
    const [least, most] = changeable[name as keyof typeof changeable];
    if (typeof value !== "number" || !(value >= least && value <= most))
      throw new Error(`'${name}' = ${JSON.stringify(value)} must be a number from ${least} to ${most}`);
  }
}

const inTripwires = "tripwires.";

/** What the training has under a changeable name; null where a limit is off. */
export function hyperparameterOf({ tripwires, ...plain }: TrainingSettings, name: string): number | null {
  const [values, member] = name.startsWith(inTripwires)
    ? [tripwires, name.slice(inTripwires.length)]
    : [plain, name];
  return ((values as Readonly<Record<string, unknown>>)[member] as number | null) ?? null;
}

export function withChange(training: TrainingSettings, change: HyperparameterChange): TrainingSettings {
  const plain: Record<string, number> = {};
  const tripwires: Record<string, number> = {};
  for (const [name, value] of Object.entries(change))
    if (name.startsWith(inTripwires)) tripwires[name.slice(inTripwires.length)] = value;
    else plain[name] = value;
  return {
    ...training,
    ...plain,
    tripwires: { ...training.tripwires, ...tripwires },
  } as TrainingSettings;
}
