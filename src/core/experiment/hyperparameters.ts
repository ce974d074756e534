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

/** Throws a plain Error with one sentence; it runs inside workflows, so it is pure and imports nothing. */
export function validateChange(change: HyperparameterChange): void {
  for (const [name, value] of Object.entries(change)) {
    if (!(name in changeable))
      throw new Error(
        `'${name}' cannot be changed while training; what can: ${Object.keys(changeable).join(", ")}`,
      );
    const most = changeable[name as keyof typeof changeable];
    if (typeof value !== "number" || !(value >= 0 && value <= most))
      throw new Error(`'${name}' = ${JSON.stringify(value)} must be a number from 0 to ${most}`);
  }
}
