/**
 * Starts the `experiment` workflow, or joins the run that already bears its id, and follows it to its end. Whatever is
 * killed meanwhile, the supervisor brings back: a service that does not answer is asked again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import type { Config } from "../config/config.ts";
import { type ExperimentInput, experimentInputSchema } from "../core/experiment/input.ts";
import { contentHash } from "../core/hash.ts";
import { openStore, type Store } from "../store/store.ts";
import { experimentWorkflowId, taskQueues } from "../workflows/names.ts";
import { describeEnd } from "./how-it-ended.ts";
import { statusOf } from "./open-run.ts";
import { patiently } from "./patience.ts";
import { createProgress } from "./progress.ts";
import { readWaiting } from "./read-waiting.ts";
import { wake } from "./resume-by-hand.ts";
import type { OpenServices } from "./services.ts";
import { clientOf, connect } from "./temporal-client.ts";
import { requireSameInput, untilStopped } from "./under-way.ts";
import { createWatch, type Held } from "./watch-waiting.ts";

export interface ExperimentOutcome {
  readonly run: string;
  /** Parked or paused: held, and given up by a command that was told to exit. */
  readonly state: "done" | "failed" | "stopped" | Held["state"];
  /** Temporal's word for how the workflow closed. */
  readonly closed: string;
}

interface Following {
  readonly client: Client;
  readonly store: Store;
  readonly input: ExperimentInput;
  readonly write: (line: string) => void;
  readonly interrupted: AbortSignal;
  /** Do not wait for a person to wake a run that is held. */
  readonly exit: boolean;
}

const pollMs = 500;

/** Throws InvalidInput where the run goes on with another input, and what `interrupted` aborts with. */
export async function runExperiment(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  input: ExperimentInput,
  write: (line: string) => void,
  exit: boolean,
): Promise<ExperimentOutcome> {
  const { databaseUrl } = endpoints;
  const connection = await patiently(() => connect(endpoints), interrupted);
  try {
    const open = () => openStore({ databaseUrl, artifactFolder: config.artifactFolder });
    const store = await patiently(open, interrupted);
    try {
      const following = { client: clientOf(connection, endpoints), store, input, write, interrupted, exit };
      const workflowId = experimentWorkflowId(input.id);
      const handle = following.client.workflow.getHandle(workflowId);
      const found = (await patiently(() => statusOf(handle), interrupted)) === "RUNNING";
      const stopped = found && (await untilStopped(following.client, workflowId, write, interrupted));
      const joined = found && !stopped;
      write(await patiently(() => startOrJoin(following), interrupted));
      return await follow(following, joined);
    } finally {
      await store.close();
    }
  } finally {
    await connection.close();
  }
}

/** Gives what a person reads: whether the run is new. Doing it twice joins what the first time started. */
async function startOrJoin({ client, store, input }: Following): Promise<string> {
  const workflowId = experimentWorkflowId(input.id);
  const stored = await store.runs.getRun(input.id);
  const isChanged = stored !== undefined && contentHash(stored.input) !== contentHash(input);
  const stages = stored === undefined ? [] : await store.runs.getStages(input.id);
  await client.workflow.start("experiment", {
    workflowId,
    taskQueue: taskQueues.workflows,
    workflowIdConflictPolicy: "USE_EXISTING",
    args: [input],
    staticSummary: `experiment ${input.id}`,
    staticDetails: shownInput(input),
  });
  // It may have been under way, with an input that its first activity has not stored yet.
  await requireSameInput(client, { run: input.id, workflowId }, input, asStored);
  if (stored === undefined) return `starting run ${input.id}`;
  if (isChanged)
    return `starting run ${input.id} with a changed input; what did not change is taken from before`;
  if (stored.state === "done") return `repeating run ${input.id}; what did not change is taken from before`;
  const at = stages.find(({ state }) => state !== "done" && state !== "cached");
  return `resuming run ${input.id}${at === undefined ? "" : ` at stage ${at.stage}`}`;
}

/** What the Temporal UI says of a run for good, Markdown; how it stands is in the workflow's current details. */
const shownInput = ({ id, policy, seed, threads }: ExperimentInput) =>
  [
    `Policy \`${policy}\`, seed ${seed}, ${threads} threads.`,
    "",
    `- \`npx ratchet status ${id}\` says how it stands and what it waits for`,
    `- \`npx ratchet pause ${id}\`, \`resume\`, \`stop\` and \`fork\` steer it`,
    `- \`npx ratchet report ${id}\` names its report`,
  ].join("\n");

/** With defaults, whoever began it. */
const asStored = (begunWith: unknown) => experimentInputSchema.safeParse(begunWith).data ?? begunWith;

/** The workflow's status is the truth about its end; the stages in the store are what a person sees meanwhile. */
async function follow(
  { client, store, input, write, interrupted, exit }: Following,
  joined: boolean,
): Promise<ExperimentOutcome> {
  const run = input.id;
  const titles = Object.fromEntries(Object.entries(input.stages).map(([id, { title }]) => [id, title]));
  const show = createProgress({ write, nowMs: Date.now, titles });
  const handle = client.workflow.getHandle(experimentWorkflowId(run));
  const look = createWatch({
    run,
    joined,
    nowMs: () => performance.now(),
    write,
    // What it shows is a help; that Temporal answers is seen to below.
    read: () => readWaiting(client, run).catch(() => undefined),
    wake: () => patiently(() => wake(client, run), interrupted),
  });
  while (true) {
    interrupted.throwIfAborted();
    const [status, stages, stored] = await patiently(
      async () =>
        [await statusOf(handle), await store.runs.getStages(run), await store.runs.getRun(run)] as const,
      interrupted,
    );
    show(stages);
    if (status === "COMPLETED")
      return { run, state: stored?.state === "stopped" ? "stopped" : "done", closed: status };
    if (status !== "RUNNING" && status !== "CONTINUED_AS_NEW") {
      write(await patiently(() => describeEnd(handle, status), interrupted));
      write(`continue from its last commit with: npx ratchet resume ${run}`);
      return { run, state: "failed", closed: status };
    }
    const held = await look();
    if (held !== undefined && exit) {
      write(held.because);
      return { run, state: held.state, closed: status };
    }
    await sleep(pollMs, undefined, { signal: interrupted });
  }
}
