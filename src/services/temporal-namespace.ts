/**
 * What Ratchet needs of a Temporal namespace: that it answers, keeps closed runs long enough to be looked at, and knows
 * our search attributes. The same for the embedded server and for a cluster of your own.
 */
import type { Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { searchAttributes, taskQueues } from "../workflows/names.ts";
import type { Poller } from "./strangers.ts";

export type TemporalConnectionOptions = NonNullable<Config["temporalConnection"]>;

/** 30 days; the dev server's own 24 hours would lose a run before its report is read. */
export const retentionMs = 30 * 24 * 3_600_000;
const connectTimeoutMs = 5_000;
/** temporal.api.enums.v1.TaskQueueType */
const workflowQueue = 1;
/** Numbers of temporal.api.enums.v1.IndexedValueType. */
const indexedTypes = { KEYWORD: 2, INT: 3, DOUBLE: 4 } as const;

/** Throws TemporalUnavailable, in one sentence, where the server or the namespace does not answer. */
export async function checkNamespace(options: TemporalConnectionOptions, namespace: string): Promise<void> {
  await withConnection(options, namespace, (connection) =>
    connection.workflowService.describeNamespace({ namespace }),
  );
}

/** Who has asked for workflows to go on with in the last minutes. */
export function workflowPollers(options: TemporalConnectionOptions, namespace: string): Promise<Poller[]> {
  return withConnection(options, namespace, async (connection) => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueues.workflows },
      taskQueueType: workflowQueue,
    });
    return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
      identity: identity ?? "",
      polledMsAgo: Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000,
    }));
  });
}

/** Registers the search attributes that the namespace lacks. Doing it twice is doing it once. */
export async function registerSearchAttributes(
  options: TemporalConnectionOptions,
  namespace: string,
): Promise<void> {
  await withConnection(options, namespace, async (connection) => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, indexedTypes[type]])),
    });
  });
}

export async function extendRetention(options: TemporalConnectionOptions, namespace: string): Promise<void> {
  await withConnection(options, namespace, (connection) =>
    connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(retentionMs) },
    }),
  );
}

async function withConnection<T>(
  options: TemporalConnectionOptions,
  namespace: string,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  let connection: Connection | undefined;
  try {
    // Half a second to load, which commands that only look at files need not wait for.
    const temporal = await import("@temporalio/client");
    connection = await temporal.Connection.connect({ ...options, connectTimeout: connectTimeoutMs });
    const opened = connection;
    return await opened.withDeadline(Date.now() + connectTimeoutMs, () => use(opened));
  } catch (error) {
    throw new RatchetError(
      "TemporalUnavailable",
      `Temporal at ${options.address}, namespace '${namespace}', does not answer: ${reasonOf(error)}; start it, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE (unset, Ratchet starts its own)`,
      { address: options.address, namespace },
      error,
    );
  } finally {
    await connection?.close();
  }
}

/** gRPC errors carry the server's own words in `details`. */
function reasonOf(error: unknown): string {
  const { details, message } = error as { details?: string; message: string };
  return (details || message).split("\n")[0]!.slice(0, 160);
}
