/** The Temporal client of a command: open while it is used, and an unanswered server said in one sentence. */
import { Client, Connection } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";

export async function withClient<T>(endpoints: Endpoints, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect(endpoints.temporalConnection).catch((error: unknown) => {
    throw new RatchetError(
      "TemporalUnavailable",
      "Temporal does not answer; see npx ratchet status",
      {},
      error,
    );
  });
  try {
    return await use(new Client({ connection, namespace: endpoints.temporalNamespace }));
  } finally {
    await connection.close();
  }
}
