/** Children by name: re-attached where they already run, and at most a window of them at a time, results in order. */
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { executeChild, sleep } from "@temporalio/workflow";
import { taskQueues } from "./names.ts";
import { cpu } from "./proxies.ts";

/**
 * Runs a child workflow under its own id. A reset or resumed parent finds the child still running: then it follows that
 * one to its end instead of starting it again.
 */
export async function runChild<I, R>(
  child: (input: I) => Promise<R>,
  input: I,
  options: { readonly workflowId: string; readonly summary: string },
): Promise<R> {
  try {
    return await executeChild(child, {
      args: [input],
      workflowId: options.workflowId,
      taskQueue: taskQueues.workflows,
      staticSummary: options.summary,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return (await follow(options.workflowId)) as R;
  }
}

/** Looks now and then, so that no worker is kept waiting; its failure is ours. */
async function follow(workflowId: string): Promise<unknown> {
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, 30_000)) {
    const ended = await cpu.peekWorkflow.executeWithOptions({ summary: `look at ${workflowId}` }, [
      workflowId,
    ]);
    if (ended !== null) return ended.result;
    await sleep(pauseMs);
  }
}

/** Two shards a device, so that one samples while the other's tools run. */
export const shardWindow = 2;

/** Results in the order of the items, whatever order they finish in. */
export async function inWindow<T, R>(
  items: readonly T[],
  window: number,
  run: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      results[index] = await run(items[index]!, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, items.length) }, lane));
  return results;
}
