/** Hyper-parameters a person may change while a policy trains; the change holds from the next iteration on. */

/** Name -> largest allowed value; the smallest is 0. */
const changeable = {
  learningRate: 1,
  weightDecay: 1,
  maxGradientNorm: 1e9,
  klCoefficient: 10,
  entropyCoefficient: 1,
} as const;

export type HyperparameterChange = { readonly [name in keyof typeof changeable]?: number };

/** What a loss without a reference and without a policy's entropy has no term for. */
const reinforcementOnly: readonly string[] = ["klCoefficient", "entropyCoefficient"];

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
        `'${name}' weighs a term that supervised training (algorithm "sft") does not have; change it on a reinforcement stage`,
      );
    const most = changeable[name as keyof typeof changeable];
    if (typeof value !== "number" || !(value >= 0 && value <= most))
      throw new Error(`'${name}' = ${JSON.stringify(value)} must be a number from 0 to ${most}`);
  }
}
