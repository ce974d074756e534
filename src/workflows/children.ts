/**
 * What a workflow says to its children and hears from them. Each child is told what its parent was told, in that order,
 * whether it ran then or began later; and what a child says of itself is kept until it ends.
 */
import { defineSignal, getExternalWorkflowHandle, workflowInfo } from "@temporalio/workflow";
import { messages } from "./names.ts";

export type WorkflowState = "running" | "pausing" | "paused" | "parked" | "stopping";

/** How a child is, by its own account. */
export interface ChildState {
  readonly state: WorkflowState;
  /** What a parked child, or one below it, waits for. */
  readonly waitsFor: string | null;
}

export type Steering = typeof messages.pause | typeof messages.resume | typeof messages.stopAfterIteration;

export const childStateSignal = defineSignal<[string, ChildState]>(messages.childState);

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

  hear(workflowId: string, state: ChildState): void {
    if (this.#states.has(workflowId)) this.#states.set(workflowId, state);
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
