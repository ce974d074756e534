/** Workers that somebody else runs, where Postgres and Temporal are not of this home either: joined, and never started here. */
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { taskQueues } from "../workflows/names.ts";
import { addressesOf } from "./addresses.ts";
import { readPolls } from "./polls.ts";
import { withClient } from "./temporal-client.ts";
import { isPolled } from "./waiting.ts";

/**
 * Throws ServiceUnavailable where no worker orchestrates. Of the other queues it says nothing: who has its hands full does
 * not poll either, and a run that is followed tells what it waits for.
 */
export async function requireWorkers(endpoints: Endpoints): Promise<void> {
  const { temporal, namespace } = addressesOf(endpoints);
  const untold = (error: unknown) => {
    const reason = (error as Error).message;
    throw new RatchetError(
      "TemporalUnavailable",
      `Temporal at ${temporal}, namespace ${namespace}, does not tell who polls: ${reason}; correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE`,
      { temporal, namespace },
      error,
    );
  };
  const { polledMsAgo } = await withClient(endpoints, (client) => readPolls(client, new Set()).catch(untold));
  if (isPolled(polledMsAgo, taskQueues.workflows)) return;
  throw new RatchetError(
    "ServiceUnavailable",
    `no worker polls ${taskQueues.workflows} at ${temporal}, namespace ${namespace}, and this command starts none beside services that are not its own; start the workers that belong to them (or npx ratchet up here), then try again`,
    { temporal, namespace },
  );
}
