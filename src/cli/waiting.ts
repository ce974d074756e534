/** Why a run does not go on, in one line: the first reason that a person can do something about. Pure. */
import { taskQueues } from "../workflows/names.ts";
import { duration } from "./progress.ts";

/** An activity that is scheduled or under way. */
export interface Pending {
  readonly workflowId: string;
  /** What the workflow calls it, "turn 4"; the activity's type where it gave no summary. */
  readonly what: string;
  readonly queue: string;
  /** The only build that may take it, where its workflow is pinned to one or the queue has a current one. */
  readonly build?: string;
  readonly started: boolean;
  /** Since it was last scheduled or started. */
  readonly forMs: number;
  readonly attempt: number;
  /** Of the attempt before, one line; null where none failed. */
  readonly failure: string | null;
  readonly worker: string | null;
}

/** A workflow's own task that fails or is not answered: the workflow does nothing until an attempt succeeds. */
export interface FailingTask {
  readonly workflowId: string;
  /** Under way, or the next. */
  readonly attempt: number;
  /** Since the first attempt failed. */
  readonly forMs: number;
  /** One line; null where the attempt was not answered. */
  readonly failure: string | null;
}

export interface Waiting {
  /** As the run's outermost workflow says of itself; undefined where no worker answers. */
  readonly state: string | undefined;
  readonly waitsFor: string | null;
  readonly pending: readonly Pending[];
  readonly failingTasks: readonly FailingTask[];
  /** Milliseconds since a worker last asked each queue for work, and one of each build; absent where none has for minutes. */
  readonly polledMsAgo: Readonly<Record<string, number>>;
}

/** A poll lasts a minute at most, so a queue whose last one began earlier has no worker. */
const pollMs = 70_000;

export const isPolled = (polledMsAgo: Waiting["polledMsAgo"], queue: string): boolean =>
  (polledMsAgo[queue] ?? Number.POSITIVE_INFINITY) < pollMs;

/** Under which `polledMsAgo` has what a build's workers asked. */
export const polledBy = (queue: string, build: string | undefined): string =>
  build === undefined ? queue : `${queue}, build ${build}`;

/** Told to hold or to end, a run that still works says so before what it works at. */
export function explainWaiting(run: string, waiting: Waiting): string | null {
  const { state } = waiting;
  const line = explainTrouble(run, waiting) ?? explainWork(waiting);
  if (state !== "pausing" && state !== "stopping") return line;
  return line === null ? state : `${state}: ${line}`;
}

function explainWork(waiting: Waiting): string | null {
  const [first] = longestFirst(waiting);
  if (first === undefined) return null;
  const busy = first.started ? `under way on ${first.worker}` : `in the queue of ${first.queue}`;
  return `${waitsOn(first)}: ${busy}`;
}

/** The same, but null while the run merely works. */
export function explainTrouble(run: string, waiting: Waiting): string | null {
  const { state, waitsFor, polledMsAgo } = waiting;
  if (waitsFor !== null) return `parked: ${waitsFor}; mend it, then: npx ratchet resume ${run}`;
  if (state === "paused") return `paused by a person; go on with: npx ratchet resume ${run}`;
  if (!isPolled(polledMsAgo, taskQueues.workflows))
    return `waits for orchestration: no worker polls ${taskQueues.workflows}`;
  const [task] = [...waiting.failingTasks].sort((a, b) => b.forMs - a.forMs);
  if (task !== undefined) return explainTask(task);
  const longest = longestFirst(waiting);
  // A worker that has its hands full asks for no more: the device's does one turn or update at a time.
  const isServed = ({ queue, build }: Pending) =>
    waiting.pending.some((one) => one.started && one.queue === queue && one.build === build);
  const unpolled = longest.find(
    (one) => !one.started && !isPolled(polledMsAgo, polledBy(one.queue, one.build)) && !isServed(one),
  );
  if (unpolled !== undefined) return explainUnpolled(unpolled, polledMsAgo);
  const failed = longest.find(({ failure }) => failure !== null);
  if (failed === undefined) return null;
  return `${waitsOn(failed)}: attempt ${failed.attempt}, as the one before failed: ${failed.failure}`;
}

function explainUnpolled(unpolled: Pending, polledMsAgo: Waiting["polledMsAgo"]): string {
  const { queue, build } = unpolled;
  if (build === undefined || !isPolled(polledMsAgo, queue))
    return `${waitsOn(unpolled)}: no worker polls ${queue}`;
  return `${waitsOn(unpolled)}: no worker of build ${build} polls ${queue}, and those of others may not take it; docs/operations.md, Upgrades, says how it goes on`;
}

function explainTask({ attempt, failure, ...task }: FailingTask): string {
  const waits = waitsOn({ what: "orchestration", ...task });
  if (failure === null) return `${waits}: attempt ${attempt}, as the one before was not answered in time`;
  const upgrade = /nondeterminis/i.test(failure)
    ? "; nothing is lost: docs/operations.md, Upgrades, says how it goes on"
    : "";
  return `${waits}: attempt ${attempt}, as the one before failed: ${failure}${upgrade}`;
}

const longestFirst = ({ pending }: Waiting) => [...pending].sort((a, b) => b.forMs - a.forMs);

/** Times and attempts alone move all the time and are no news. */
export const withoutTimes = (line: string): string =>
  line.replace(/ since [^:]*:/, ":").replace(/: attempt \d+,/, ":");

/** The server's clock may be ahead of this command's, and any may be put back. */
const since = (forMs: number): string => {
  const elapsedMs = Math.max(0, forMs);
  return elapsedMs < 600_000 ? `${Math.round(elapsedMs / 1000)} s` : duration(elapsedMs);
};

const waitsOn = ({ what, workflowId, forMs }: Pick<Pending, "what" | "workflowId" | "forMs">) =>
  `waits for ${what} of ${placeOf(workflowId)} since ${since(forMs)}`;

/** A shard is known by its number, anything else by its workflow. */
function placeOf(workflowId: string): string {
  const shard = /\.s(\d+)$/.exec(workflowId)?.[1];
  return shard === undefined ? workflowId : `shard ${shard} (${workflowId})`;
}
