/** Refuses a run that the workers would refuse for their thread count: said here, before anything of it is started. */
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { threadsInForce } from "../core/experiment/held-numerics.ts";
import { supervisorOf } from "../services/lock.ts";
import { readProcessTable } from "../services/process-table.ts";
import { knownThreads, noteThreads } from "./known-threads.ts";
import type { OpenServices } from "./services.ts";

interface Wanted {
  readonly id: string;
  readonly threads: number;
}

/** Of a run that nothing is known of yet. */
export function requireThreads(config: Config, { id, threads }: Wanted): void {
  const present = threadsOfWorkers(config);
  if (threads === present) return;
  throw new RatchetError(
    "NumericsMismatch",
    `field 'threads' = ${threads}, but the workers' engine would have ${present}, and results depend on it; set RATCHET_THREADS=${threads}, or correct the field; a run that has begun goes on with other bits only by: npx ratchet resume ${id} --accept-numerics`,
    { field: "threads", value: threads, limit: present },
  );
}

/** Those that run have what they were started with, whatever this command's environment says. */
function threadsOfWorkers({ home, threads }: Config): number {
  const running = supervisorOf(home) === undefined ? undefined : readProcessTable(home);
  return running?.threads ?? threads;
}

/** Of a run that an earlier command of this home followed, before anything starts. */
export function requireKnownThreads(config: Config, id: string): void {
  const threads = knownThreads(config.home, id);
  if (threads !== undefined) requireThreads(config, { id, threads });
}

/** Of a run that may have been let go on with another count than its input's. */
export async function requireThreadsInForce(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  { id, threads }: Wanted,
): Promise<void> {
  const [{ withStore }, { patiently }] = await Promise.all([
    import("./read-run.ts"),
    import("./patience.ts"),
  ]);
  const read = () => withStore(config, endpoints, ({ runs }) => runs.numericsOf(id));
  const held = await patiently(read, interrupted);
  const inForce = threadsInForce(held, threads);
  noteThreads(config.home, id, inForce);
  if (inForce !== null) requireThreads(config, { id, threads: inForce });
}
