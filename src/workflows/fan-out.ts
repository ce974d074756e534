/** Children by name: re-attached where they already run, and at most a window of them at a time, results in order. */
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { sleep, startChild } from "@temporalio/workflow";
import type { Control } from "./control.ts";
import { taskQueues } from "./names.ts";
import { cpu } from "./proxies.ts";

/**
 * Runs a child workflow under its own id, steered as its parent is. A reset or resumed parent finds the child still
 * running: then it tells that one what it was told itself, and follows it to its end instead of starting it again. One
 * that was begun with another input is ended: the policy that it samples from may be another. What is cut short so, or
 * as it may have been closing with the parent it had before, is started anew.
 */
export async function runChild<I, R>(
  control: Control,
  child: (input: I) => Promise<R>,
  input: I,
  options: { readonly workflowId: string; readonly summary: string },
): Promise<R> {
  const { workflowId, summary: staticSummary } = options;
  for (;;)
    try {
      const handle = await startChild(child, {
        args: [input],
        workflowId,
        taskQueue: taskQueues.workflows,
        staticSummary,
      });
      control.children.join(workflowId, control.steeringFor("new"));
      return await handle.result();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      control.children.join(workflowId, control.steeringFor("found"));
      const ended = await follow(workflowId, input);
      if (ended !== "cutShort") return ended.result as R;
    } finally {
      control.childEnded(workflowId);
    }
}

/**
 * Looks now and then, so that no worker is kept waiting; its failure is ours. Its end is noticed within a twentieth of the
 * time that it took, in some 200 looks for two days: each costs a dozen of the 51,200 events that a history may have.
 * Only the first look compares the input, which may be large: nobody but its parent starts another in its place.
 */
async function follow(
  workflowId: string,
  input: unknown,
): Promise<{ readonly result: unknown } | "cutShort"> {
  for (let waitedMs = 0; ; ) {
    const ended = await cpu.peekWorkflow.executeWithOptions(
      { summary: `look at ${workflowId}` },
      waitedMs === 0 ? [workflowId, input] : [workflowId],
    );
    if (ended !== null) return ended;
    const pauseMs = Math.max(1_000, Math.round(waitedMs / 20));
    await sleep(pauseMs);
    waitedMs += pauseMs;
  }
}

/**
 * Results in the order of the items, whatever order they finish in. Where one fails no other is begun, and those under way
 * come to their end first: whoever does the work again begins children of the same names. Once `enough` says so no further
 * item is begun, and the results are those of the first ones; one at least.
 */
export async function inWindow<T, R>(
  items: readonly T[],
  window: number,
  run: (item: T, index: number) => Promise<R>,
  enough: () => boolean = () => false,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed && (next === 0 || !enough())) {
      const index = next++;
      results[index] = await run(items[index]!, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const lanes = Array.from({ length: Math.min(window, items.length) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    await Promise.allSettled(lanes);
    throw error;
  }
  return results.slice(0, next);
}
