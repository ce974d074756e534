/** The Temporal client of a command: open while it is used, and an unanswered server said in one sentence. */
import { Client, Connection, type ProtoFailure } from "@temporalio/client";
import {
  decodeOptionalFailureToOptionalError,
  decodeUserMetadata,
} from "@temporalio/common/lib/internal-non-workflow/index.js";
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { encryptingConverter } from "../services/payload-encryption.ts";

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
    return await use(clientOf(connection, endpoints));
  } finally {
    await connection.close();
  }
}

/** Reads and writes payloads as the workers do. */
export function clientOf(connection: Connection, { temporalNamespace: namespace, payloadKeys }: Endpoints) {
  const dataConverter = encryptingConverter(payloadKeys);
  return new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
}

type Metadata = Parameters<typeof decodeUserMetadata>[1];

/** What stands in raw answers of the server, which the client leaves as they are: possibly encrypted. */
export async function summaryOf(client: Client, metadata: Metadata): Promise<string | undefined> {
  return (await decodeUserMetadata(client.options.loadedDataConverter, metadata)).staticSummary;
}

export async function failureOf(
  client: Client,
  failure: ProtoFailure | null | undefined,
): Promise<string | undefined> {
  const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure);
  return error?.message;
}
