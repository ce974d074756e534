/**
 * What a command that begins a run has to know of one that is under way already: with which input it was begun, and
 * whether a person told it to stop, so that it ends before it can go on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import { RatchetError } from "../core/errors.ts";
import { contentHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import { begunWith } from "../services/begun-with.ts";
import { progressOf, statusOf } from "./open-run.ts";
import { patiently } from "./patience.ts";

const pollMs = 500;

/** False where it was not stopping; where it was, true once it has ended. */
export async function untilStopped(
  client: Client,
  workflowId: string,
  write: (line: string) => void,
  interrupted: AbortSignal,
): Promise<boolean> {
  if ((await progressOf(client, workflowId))?.state !== "stopping") return false;
  write(`${workflowId} was told to stop: it goes on once its iteration has ended`);
  const status = () => statusOf(client.workflow.getHandle(workflowId));
  while ((await patiently(status, interrupted)) === "RUNNING")
    await sleep(pollMs, undefined, { signal: interrupted });
  return true;
}

/**
 * Throws InvalidInput where the workflow was begun with another input; what the store has may be of before. `asStored`
 * gives what it was begun with the form that the store keeps.
 */
export async function requireSameInput(
  client: Client,
  { run, workflowId }: { readonly run: string; readonly workflowId: string },
  input: unknown,
  asStored: (given: unknown) => unknown = (given) => given,
): Promise<void> {
  const given = await begunWith(client, { workflowId });
  if (contentHash(asStored(given) as Json) === contentHash(input as Json)) return;
  throw new RatchetError(
    "InvalidInput",
    `run '${run}' goes on with another input; give this one another id, or continue that one: npx ratchet resume ${run}`,
    { field: "id", value: run },
  );
}
