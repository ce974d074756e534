/**
 * Starts the `experiment` workflow, or joins the run that already bears its id, and follows it to its end. Whatever is
 * killed meanwhile, the supervisor brings back: a service that does not answer is asked again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection, WorkflowNotFoundError } from "@temporalio/client";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { contentHash } from "../core/hash.ts";
import { openStore, type Store } from "../store/store.ts";
import { experimentWorkflowId, taskQueues } from "../workflows/names.ts";
import { createProgress } from "./progress.ts";
import type { OpenServices } from "./services.ts";

export interface ExperimentOutcome {
  readonly run: string;
  readonly state: "done" | "failed" | "stopped";
  /** Temporal's word for how the workflow closed. */
  readonly closed: string;
}

interface Following {
  readonly client: Client;
  readonly store: Store;
  readonly input: ExperimentInput;
  readonly write: (line: string) => void;
  readonly interrupted: AbortSignal;
}

const pollMs = 500;

/** Throws InvalidInput where the run goes on with another input, and AbortError-like when interrupted. */
export async function runExperiment(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  input: ExperimentInput,
  write: (line: string) => void,
): Promise<ExperimentOutcome> {
  const connection = await Connection.connect(endpoints.temporalConnection);
  const client = new Client({ connection, namespace: endpoints.temporalNamespace });
  const store = await openStore({
    databaseUrl: endpoints.databaseUrl,
    artifactFolder: config.artifactFolder,
  });
  try {
    const following = { client, store, input, write, interrupted };
    await startOrJoin(following);
    return await follow(following);
  } finally {
    await store.close();
    await connection.close();
  }
}

async function startOrJoin({ client, store, input, write }: Following): Promise<void> {
  const workflowId = experimentWorkflowId(input.id);
  const stored = await store.runs.getRun(input.id);
  const open = await isOpen(client, workflowId);
  if (open && stored !== undefined && contentHash(stored.input) !== contentHash(input))
    throw new RatchetError(
      "InvalidInput",
      `run '${input.id}' goes on with another input; give this one another id, or continue that one: npx ratchet resume ${input.id}`,
      { field: "id", value: input.id },
    );
  if (stored !== undefined && stored.state !== "done") {
    const stages = await store.runs.getStages(input.id);
    const at = stages.find(({ state }) => state === "running" || state === "waiting" || state === "failed");
    write(`resuming run ${input.id}${at === undefined ? "" : ` at stage ${at.stage}`}`);
  } else write(`${stored === undefined ? "starting" : "repeating"} run ${input.id}`);
  await client.workflow.start("experiment", {
    workflowId,
    taskQueue: taskQueues.workflows,
    workflowIdConflictPolicy: "USE_EXISTING",
    args: [input],
    staticSummary: `experiment ${input.id}`,
  });
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === "RUNNING";
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The workflow's status is the truth about its end; the stages in the store are what a person sees meanwhile. */
async function follow({ client, store, input, write, interrupted }: Following): Promise<ExperimentOutcome> {
  const titles = Object.fromEntries(Object.entries(input.stages).map(([id, { title }]) => [id, title]));
  const show = createProgress({ write, nowMs: Date.now, titles });
  const handle = client.workflow.getHandle(experimentWorkflowId(input.id));
  while (true) {
    interrupted.throwIfAborted();
    try {
      const { name } = (await handle.describe()).status;
      show(await store.runs.getStages(input.id));
      if (name === "COMPLETED") {
        const run = await store.runs.getRun(input.id);
        return { run: input.id, state: run?.state === "stopped" ? "stopped" : "done", closed: name };
      }
      if (name !== "RUNNING" && name !== "CONTINUED_AS_NEW")
        return { run: input.id, state: "failed", closed: name };
    } catch {
      // Temporal or Postgres is being started again; the run waits for it too.
    }
    await sleep(pollMs, undefined, { signal: interrupted });
  }
}
