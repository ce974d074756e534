/** Refuses a run that the workers would refuse for their thread count: said here, before anything of it is started. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { threadsInForce } from "../core/experiment/held-numerics.ts";
import type { Endpoints } from "../services/endpoints.ts";

interface Wanted {
  readonly id: string;
  readonly threads: number;
}

/** Of a run that nothing is known of yet. */
export function requireThreads(config: Config, { id, threads }: Wanted): void {
  if (threads === config.threads) return;
  throw new RatchetError(
    "NumericsMismatch",
    `field 'threads' = ${threads}, but the workers' engine would have ${config.threads}, and results depend on it; set RATCHET_THREADS=${threads}, or correct the field; a run that has begun goes on with other bits only by: npx ratchet resume ${id} --accept-numerics`,
    { field: "threads", value: threads, limit: config.threads },
  );
}

/** Of a run that may have been let go on with another count than its input's. */
export async function requireThreadsInForce(
  config: Config,
  endpoints: Endpoints,
  { id, threads }: Wanted,
): Promise<void> {
  const { withStore } = await import("./read-run.ts");
  const held = await withStore(config, endpoints, ({ runs }) => runs.numericsOf(id));
  const inForce = threadsInForce(held, threads);
  if (inForce !== null) requireThreads(config, { id, threads: inForce });
}
