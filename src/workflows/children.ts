/**
 * What a workflow says to its children and hears from them. Each child is told what its parent was told, in that order,
 * whether it ran then or began later; and what a child says of itself is kept until it ends.
 */
import { defineSignal, getExternalWorkflowHandle, workflowInfo } from "@temporalio/workflow";
import { messages } from "./names.ts";

const workflowStates = ["running", "pausing", "paused", "parked", "stopping"] as const;
export type WorkflowState = (typeof workflowStates)[number];

/** How a child is, by its own account. */
export interface ChildState {
  readonly state: WorkflowState;
  /** What a parked child, or one below it, waits for. */
  readonly waitsFor: string | null;
}

export type Steering = typeof messages.pause | typeof messages.resume | typeof messages.stopAfterIteration;

const childStateSignal = defineSignal<[string, ChildState]>(messages.childState);

export class Children {
  readonly #states = new Map<string, ChildState>();
  /** The last message to each child: the next waits for it, or the server may change their order. */
  readonly #told = new Map<string, Promise<void>>();

  /** A child that runs from now on, and what it has to know at once. */
  join(workflowId: string, steering: readonly Steering[]): void {
    this.#states.set(workflowId, { state: "running", waitsFor: null });
    for (const word of steering) this.#tellOne(workflowId, word);
  }

  leave(workflowId: string): void {
    this.#states.delete(workflowId);
    this.#told.delete(workflowId);
  }

  tell(word: Steering): void {
    for (const workflowId of this.#states.keys()) this.#tellOne(workflowId, word);
  }

  /** Passes over what none of its children says; anybody may send such a signal. */
  hear(workflowId: unknown, said: unknown): void {
    if (typeof workflowId !== "string" || !this.#states.has(workflowId) || !isChildState(said)) return;
    this.#states.set(workflowId, { state: said.state, waitsFor: said.waitsFor });
  }

  /** In the order they began. */
  states(): Readonly<Record<string, ChildState>> {
    return Object.fromEntries(this.#states);
  }

  #tellOne(workflowId: string, word: Steering): void {
    const before = this.#told.get(workflowId) ?? Promise.resolve();
    this.#told.set(
      workflowId,
      before.then(() => unlessEnded(getExternalWorkflowHandle(workflowId).signal(word))),
    );
  }
}

function isChildState(said: unknown): said is ChildState {
  const { state, waitsFor } = (said ?? {}) as { readonly state?: unknown; readonly waitsFor?: unknown };
  const isState = workflowStates.some((known) => known === state);
  return isState && (waitsFor === null || typeof waitsFor === "string");
}

/** Tells the parent, if there is one, how this workflow is; in order. */
export function parentTeller(): (state: ChildState) => void {
  const { parent, workflowId } = workflowInfo();
  let told: Promise<void> = Promise.resolve();
  return (state) => {
    if (parent === undefined) return;
    told = told.then(() =>
      unlessEnded(getExternalWorkflowHandle(parent.workflowId).signal(childStateSignal, workflowId, state)),
    );
  };
}

/** Who has ended meanwhile need not hear it. */
const unlessEnded = (sent: Promise<void>): Promise<void> => sent.catch(() => undefined);
