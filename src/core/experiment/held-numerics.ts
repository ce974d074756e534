/** What a run computes with where somebody let that change: the thread count in force, and the change in words. */
import type { HeldNumerics, NumericsChange } from "../ports/runs.ts";

/** The input says it until the run was let go on with others; null while it may take any. */
export function threadsInForce(held: HeldNumerics | undefined, declared: number): number | null {
  switch (held?.change) {
    case undefined:
    case "none":
      return declared;
    case "asked":
      return null;
    case "given":
      return Number(held!.numerics.threads);
  }
}

/** "numerics changed after rl, iteration 3: threads 2 -> 4" */
export function describeNumericsChange({ after, from, to }: NumericsChange): string {
  const when =
    after === null
      ? "before the first update"
      : `after ${after.stage}, iteration ${after.iteration}${after.branch === 0 ? "" : ` of branch ${after.branch}`}`;
  const changed = Object.keys(from)
    .filter((field) => from[field] !== to[field])
    .map((field) => `${field} ${from[field]} -> ${to[field]}`);
  return `numerics changed ${when}: ${changed.join(", ")}`;
}
