/** While a run goes on, its services may die and come back within seconds; a command that uses them asks again. */
import { setTimeout as sleep } from "node:timers/promises";
import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";

/** A service that the supervisor could not bring back in this time needs a person. */
const patienceMs = 120_000;
const pauseMs = 500;

/**
 * Does the work again where a service did not answer. Throws what else goes wrong, at once. Work may last for hours, so
 * patience begins with the first failure of those that follow each other.
 */
export async function patiently<T>(work: () => Promise<T>, interrupted: AbortSignal): Promise<T> {
  let [first, last] = [0, Number.NEGATIVE_INFINITY];
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      const now = performance.now();
      if (now - last > patienceMs) first = now;
      last = now;
      if (now - first > patienceMs) throw error;
      await sleep(pauseMs, undefined, { signal: interrupted });
    }
  }
}

/** A dev server that has just started does not know its namespaces yet. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof RatchetError) return error.retryable;
  return (
    error instanceof ServiceError || error instanceof NamespaceNotFoundError || isGrpcServiceError(error)
  );
}
