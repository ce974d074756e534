/** Going on with what is not an `experiment`, and waking what parked: runs that a person started with the Temporal CLI. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import type { Config } from "../config/config.ts";
import type { RunRecord } from "../core/ports/runs.ts";
import { messages, taskQueues } from "../workflows/names.ts";
import { exitCodes } from "./exit.ts";
import { notice } from "./notice.ts";
import { openWorkflows, statusOf } from "./open-run.ts";
import { patiently } from "./patience.ts";
import { readRun } from "./read-run.ts";
import { readWaiting } from "./read-waiting.ts";
import { type OpenServices, type RunOptions, untilAborted } from "./services.ts";
import { withClient } from "./temporal-client.ts";
import { requireSameInput, untilStopped } from "./under-way.ts";
import { createWatch, type Held } from "./watch-waiting.ts";

const pollMs = 500;

/**
 * Signals `resume` to every open workflow of the run: one that is paused or parked goes on. Returns the ids of those
 * without a parent. The list may be a moment old: one that has ended since is passed over.
 */
export async function wake(client: Client, run: string): Promise<string[]> {
  const woken: string[] = [];
  for (const { workflowId, parent } of await openWorkflows(client, run)) {
    try {
      await client.workflow.getHandle(workflowId).signal(messages.resume);
      if (parent === undefined) woken.push(workflowId);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return woken;
}

/** The same until it has ended, or is held and was told to exit, and says how; gives the exit code. */
export async function followByHand(
  config: Config,
  { endpoints, interrupted, attached }: OpenServices,
  stored: RunRecord,
  { exit = false, json = false }: RunOptions,
): Promise<number> {
  const state = await withClient(endpoints, (client) =>
    resumeByHand(client, stored, { write: notice, interrupted, exit }),
  );
  const facts = await patiently(() => readRun(config, endpoints, stored.run), interrupted);
  process.stdout.write(json ? `${JSON.stringify({ ...facts, state })}\n` : `run ${stored.run}: ${state}\n`);
  if (!exit && !attached) {
    notice("the services stay up until Ctrl-C");
    await untilAborted(interrupted);
  }
  return state === "done" || state === "stopped" ? exitCodes.ok : exitCodes.failed;
}

interface Following {
  readonly write: (line: string) => void;
  readonly interrupted: AbortSignal;
  /** Do not wait for a person to wake a run that is held. */
  readonly exit: boolean;
}

/** Starts the run's workflow again with the input it had, or joins it where it is open, and waits for its end. */
export async function resumeByHand(
  client: Client,
  { run, workflowType, input }: RunRecord,
  { write, interrupted, exit }: Following,
): Promise<"done" | "stopped" | "failed" | Held["state"]> {
  const [woken] = await patiently(() => wake(client, run), interrupted);
  const stopped = woken !== undefined && (await untilStopped(client, woken, write, interrupted));
  const open = stopped ? undefined : woken;
  const begin = () =>
    client.workflow.start(workflowType, {
      workflowId: run,
      taskQueue: taskQueues.workflows,
      workflowIdConflictPolicy: "USE_EXISTING",
      args: [input],
      staticSummary: `${workflowType} ${run}`,
    });
  const handle = open === undefined ? await patiently(begin, interrupted) : client.workflow.getHandle(open);
  if (open === undefined) {
    const { workflowId } = handle;
    await patiently(() => requireSameInput(client, { run, workflowId }, input), interrupted);
  }
  write(`${open === undefined ? "starting" : "joining"} ${workflowType} ${handle.workflowId}`);
  const look = createWatch({
    run,
    // Whatever was held has been woken.
    joined: false,
    nowMs: () => performance.now(),
    write,
    read: () => readWaiting(client, run).catch(() => undefined),
    wake: async () => {},
  });
  const isOpen = async () => {
    const status = await statusOf(handle);
    return status === "RUNNING" || status === "CONTINUED_AS_NEW";
  };
  while (await patiently(isOpen, interrupted)) {
    const held = await look();
    if (held !== undefined && exit) {
      write(held.because);
      return held.state;
    }
    await sleep(pollMs, undefined, { signal: interrupted });
  }
  try {
    const result = (await patiently(() => handle.result(), interrupted)) as {
      readonly stopped?: boolean;
    } | null;
    return result?.stopped === true ? "stopped" : "done";
  } catch (error) {
    write(`${handle.workflowId}: ${(error as Error).cause ?? (error as Error).message}`);
    return "failed";
  }
}
