/** Hyper-parameters a person may change while a policy trains; the change holds from the next iteration on. */
import { bounds, describeBounds, isWithin } from "./bounds.ts";
import type { TrainingSettings } from "./input.ts";

export type HyperparameterChange = { readonly [name in keyof typeof bounds]?: number };

const changeable = Object.keys(bounds).join(", ");

/** What a loss without a reference, a policy's entropy and a reward has no term for. */
const reinforcementOnly: readonly string[] = [
  "klCoefficient",
  "entropyCoefficient",
  "tripwires.maxKl",
  "tripwires.minRewardShare",
];

/** Throws a plain Error with one sentence; it runs inside workflows, so it is pure and loads no schema. */
export function validateChange(change: unknown, algorithm: string): void {
  if (typeof change !== "object" || change === null || Array.isArray(change))
    throw new Error(
      `${JSON.stringify(change) ?? "nothing"} is no change: give an object, for example {"learningRate": 1e-5}; what can be: ${changeable}`,
    );
  if (Object.keys(change).length === 0) throw new Error(`nothing to change; what can be: ${changeable}`);
  for (const [name, value] of Object.entries(change)) {
    if (!Object.hasOwn(bounds, name))
      throw new Error(`'${name}' cannot be changed while training; what can: ${changeable}`);
    if (algorithm === "sft" && reinforcementOnly.includes(name))
      throw new Error(
        `'${name}' weighs or limits a term that supervised training (algorithm "sft") does not have; change it on a reinforcement stage`,
      );
    const limits = bounds[name as keyof typeof bounds];
    if (!isWithin(value, limits))
      throw new Error(`'${name}' = ${JSON.stringify(value)} must be a number ${describeBounds(limits)}`);
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
