/**
 * How people steer a running workflow: pause, resume, stop after this iteration, and parking, which is what a workflow
 * does instead of failing when an operator can help. Its children are steered with it, and `progress` tells of them all.
 */
import {
  type ApplicationFailure,
  ContinueAsNew,
  condition,
  defineQuery,
  metricMeter,
  setCurrentDetails,
  setHandler,
} from "@temporalio/workflow";
import { Children, type ChildState, parentTeller, type Steering, type WorkflowState } from "./children.ts";
import { isStopped, mendableFailure, stoppedWhileParked } from "./failures.ts";
import { heard, hearSignal } from "./heard.ts";
import { messages } from "./names.ts";
import { withArtifacts } from "./restore.ts";

const pauseSignal = hearSignal(messages.pause);
const resumeSignal = hearSignal(messages.resume);
const stopSignal = hearSignal(messages.stopAfterIteration);
const childStateSignal = hearSignal(messages.childState);
const progressQuery = defineQuery<Progress>(messages.progress);

/** How a workflow ended. One that was terminated, or timed out, never came to say so. */
type EndState = "done" | "stopped" | "failed";

interface Progress {
  readonly state: WorkflowState | EndState;
  readonly waitsFor: string | null;
  readonly details: string;
  /** Children under way by workflow id, as they say of themselves. */
  readonly children: Readonly<Record<string, ChildState>>;
}

/** What one execution hands to the next. */
export interface Steered {
  readonly paused: boolean;
  readonly stopping: boolean;
}

export interface Control {
  /** Returns when the workflow may go on. */
  gate(): Promise<void>;
  readonly stopping: boolean;
  readonly steered: Steered;
  readonly children: Children;
  /** A child has ended: what the others say of themselves is what this workflow is. */
  childEnded(workflowId: string): void;
  /** What a child that begins now has to know; one that may have begun long ago is told in any case to go on. */
  steeringFor(child: "new" | "found"): Steering[];
  /**
   * Takes down how the workflow's work ends, for the `progress` query of a closed one, and gives the work back as it is: no
   * command and not one turn of the event loop more, so that histories replay.
   */
  toItsEnd<T>(work: Promise<T>, wasStopped?: (result: T) => boolean): Promise<T>;
  /** Shown in the UI and to the `progress` query; Markdown. */
  describe(details: string): void;
  /**
   * Runs the work; where it fails for want of something an operator can mend, waits for `resume` and tries again. Lost
   * artifacts that can be made again are. Told to stop while it waits, it gives the work up: throws `Stopped`.
   */
  orPark<T>(work: () => Promise<T>): Promise<T>;
}

export function installControl(from: Steered = { paused: false, stopping: false }): Control {
  let { paused, stopping } = from;
  let held = 0;
  let waitsFor: string | null = null;
  let resumes = 0;
  let details = "";
  let ended: EndState | undefined;
  const children = new Children();
  // Temporal counts what is done for the first time, and not what is replayed.
  const parked = metricMeter.createCounter("ratchet_parked", "", "Workflows that parked, by what for.");
  const woken = metricMeter.createCounter(
    "ratchet_woken",
    "",
    "Parked workflows that went on or were stopped.",
  );
  const own = (): ChildState =>
    stateOf({ paused, stopping, held, waitsFor }, Object.values(children.states()));
  const tellParent = parentTeller();
  let told: ChildState = { state: "running", waitsFor: null };
  const changed = (asked = false) => {
    const now = own();
    setCurrentDetails(shownDetails(now, details));
    const same = now.state === told.state && now.waitsFor === told.waitsFor;
    told = now;
    if (!same || (asked && now.state !== "running")) tellParent(now);
  };
  const steer = (word: Steering, change: () => void) => () => {
    change();
    children.tell(word);
    changed(true);
  };
  setHandler(
    pauseSignal,
    steer(messages.pause, () => {
      paused = !stopping;
    }),
  );
  setHandler(
    resumeSignal,
    steer(messages.resume, () => {
      paused = false;
      resumes += 1;
    }),
  );
  setHandler(
    stopSignal,
    steer(messages.stopAfterIteration, () => {
      paused = false;
      stopping = true;
    }),
  );
  setHandler(childStateSignal, (workflowId, state) => {
    children.hear(heard(workflowId), heard(state));
    changed();
  });
  setHandler(progressQuery, () => ({
    ...(ended === undefined ? own() : { state: ended, waitsFor: null }),
    details,
    children: children.states(),
  }));
  const park = async ({ type, message: reason }: ApplicationFailure) => {
    const seen = resumes;
    parked.add(1, { reason: type! });
    waitsFor = reason;
    changed();
    await condition(() => resumes > seen || stopping);
    waitsFor = null;
    woken.add(1, { reason: type! });
    changed();
    if (resumes === seen) throw stoppedWhileParked(reason);
  };
  return {
    gate: async () => {
      if (!paused) return;
      held += 1;
      changed();
      await condition(() => !paused);
      held -= 1;
      changed();
    },
    get stopping() {
      return stopping;
    },
    get steered() {
      return { paused, stopping };
    },
    children,
    childEnded: (workflowId) => {
      children.leave(workflowId);
      changed();
    },
    steeringFor: (child) => [
      ...(paused ? [messages.pause] : child === "found" ? [messages.resume] : []),
      ...(stopping ? [messages.stopAfterIteration] : []),
    ],
    toItsEnd: (work, wasStopped = () => false) => {
      work.then(
        (result) => {
          ended = wasStopped(result) ? "stopped" : "done";
        },
        (error: unknown) => {
          ended = endOf(error);
        },
      );
      return work;
    },
    describe: (text) => {
      details = text;
      changed();
    },
    orPark: async (work) => {
      for (;;) {
        try {
          return await withArtifacts(work);
        } catch (error) {
          const failure = mendableFailure(error);
          if (failure === undefined) throw error;
          await park(failure);
        }
      }
    },
  };
}

/** One that was handed over goes on in its next execution. */
function endOf(error: unknown): EndState | undefined {
  if (error instanceof ContinueAsNew) return undefined;
  return isStopped(error) ? "stopped" : "failed";
}

/** A paused workflow is `pausing` while anything of it still works. */
function stateOf(
  { paused, stopping, held, waitsFor }: Steered & { readonly held: number; readonly waitsFor: string | null },
  children: readonly ChildState[],
): ChildState {
  const reason = waitsFor ?? children.find((child) => child.waitsFor !== null)?.waitsFor ?? null;
  const isHeld = children.length > 0 ? children.every(({ state }) => state === "paused") : held > 0;
  const state: WorkflowState =
    reason !== null ? "parked" : paused ? (isHeld ? "paused" : "pausing") : stopping ? "stopping" : "running";
  return { state, waitsFor: reason };
}

function shownDetails({ state, waitsFor }: ChildState, details: string): string {
  if (waitsFor !== null) return `**Parked**: ${waitsFor}\n\nSignal \`resume\` to try again.\n\n${details}`;
  return state === "running" ? details : `**${state}**\n\n${details}`;
}
