/** The Temporal client of a command: open while it is used, and an unanswered server said in one sentence. */
import { Client, Connection, type ProtoFailure } from "@temporalio/client";
import {
  decodeOptionalFailureToOptionalError,
  decodeUserMetadata,
} from "@temporalio/common/lib/internal-non-workflow/index.js";
import { RatchetError } from "../core/errors.ts";
import type { Endpoints } from "../services/endpoints.ts";
import { commandConverter } from "../services/payload-encryption.ts";
import { isUnanswered } from "./patience.ts";

export async function withClient<T>(endpoints: Endpoints, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await connect(endpoints);
  try {
    return await use(clientOf(connection, endpoints));
  } catch (error) {
    throw inWords(error);
  } finally {
    await connection.close();
  }
}

/** Throws TemporalUnavailable; the client has plain errors for a server that takes a connection and then is silent. */
export async function connect({ temporalConnection }: Endpoints): Promise<Connection> {
  try {
    return await Connection.connect(temporalConnection);
  } catch (error) {
    const message = "Temporal does not answer; see npx ratchet status";
    throw new RatchetError("TemporalUnavailable", message, {}, error);
  }
}

/** A server that went away while it was asked, or refused. */
function inWords(error: unknown): unknown {
  if (!isUnanswered(error) || error instanceof RatchetError) return error;
  const { message, cause } = error as Error;
  const reason = cause instanceof Error ? cause.message : message;
  return new RatchetError(
    "TemporalUnavailable",
    `Temporal did not do what it was asked (${reason.split("\n")[0]}); see npx ratchet status, then try again`,
    {},
    cause ?? error,
  );
}

/** Reads and writes payloads as the workers do, or not at all. */
export function clientOf(connection: Connection, endpoints: Endpoints) {
  const { temporalNamespace: namespace, payloadKeys, encryptedWith } = endpoints;
  return new Client({ connection, namespace, dataConverter: commandConverter(payloadKeys, encryptedWith) });
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
