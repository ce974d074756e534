/**
 * Registers the namespace with its retention where the server lacks it, and the search attributes that the namespace
 * lacks; then ends. Doing it twice is doing it once. For clusters that, unlike the dev server, start without them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import { readConfig } from "../src/config/config.ts";
import {
  registerSearchAttributes,
  retentionMs,
  type TemporalConnectionOptions,
} from "../src/services/temporal-namespace.ts";

/** A server's frontends learn of a new namespace within about ten seconds. */
const visibleWithinMs = 60_000;
const pollMs = 500;
/** gRPC's code ALREADY_EXISTS. */
const alreadyExists = 6;

try {
  const { temporalConnection, temporalNamespace } = readConfig();
  if (temporalConnection === undefined) throw new Error("TEMPORAL_ADDRESS is not set; set it to host:port");
  await registerNamespace(temporalConnection, temporalNamespace);
  await untilItSucceeds(() => registerSearchAttributes(temporalConnection, temporalNamespace));
  process.stdout.write(`namespace '${temporalNamespace}' is ready\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/** Leaves a namespace that exists as it is: its retention may have been chosen. */
async function registerNamespace(options: TemporalConnectionOptions, namespace: string): Promise<void> {
  const connection = await Connection.connect(options);
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      description: "Ratchet",
      workflowExecutionRetentionPeriod: msToTs(retentionMs),
    });
  } catch (error) {
    if ((error as { code?: number }).code !== alreadyExists) throw error;
  } finally {
    await connection.close();
  }
}

async function untilItSucceeds(attempt: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + visibleWithinMs;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await sleep(pollMs);
    }
  }
}
