/**
 * Steps whose result is a function of their inputs alone: whichever run did one has done it for all, and a run that comes
 * later takes the result as cached. What the key does not hold must not show in the result: no run, stage or attempt.
 */
import { RatchetError } from "../core/errors.ts";
import { contentHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import type { StepLedger } from "../core/ports/steps.ts";
import { giveUpOrRetry } from "./failures.ts";
import { whileAlive } from "./step.ts";

export interface SharedStep<T> {
  readonly kind: string;
  /** Who does it first. */
  readonly run: string;
  /** Everything the result depends on, versions included. */
  readonly inputs: Json;
  readonly work: () => Promise<T>;
}

export interface SharedResult<T> {
  readonly result: T;
  /** It was there already. */
  readonly cached: boolean;
}

export async function runSharedStep<T>(
  ledger: StepLedger,
  { kind, run, inputs, work }: SharedStep<T>,
): Promise<SharedResult<T>> {
  const key = contentHash(["shared", kind, inputs]);
  try {
    return await whileAlive(async () => {
      const claim = await ledger.claim({ key, kind, run, branch: 0, iteration: 0 });
      if (claim.state === "committed") return { result: claim.result as T, cached: true };
      const result = await work();
      try {
        const committed = await ledger.commit(key, claim.fence, result as Json);
        return { result: committed.result as T, cached: false };
      } catch (error) {
        // Another run does the same at the same time, and will come to the same: neither waits for the other.
        if (error instanceof RatchetError && error.type === "StaleFence") return { result, cached: false };
        throw error;
      }
    });
  } catch (error) {
    throw await giveUpOrRetry(ledger, key, error);
  }
}
