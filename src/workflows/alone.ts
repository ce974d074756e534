/** What a workflow does for itself where a person may have started it by hand: no experiment names or records it. */
import { ApplicationFailure, upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import { identifierPattern } from "../core/experiment/identifier.ts";
import type { Json } from "../core/json.ts";
import type { Control } from "./control.ts";
import { isStopped } from "./failures.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";

/**
 * Makes the workflow known as the run's before its first activity, which may park. The input is not checked yet: where
 * it names no id that could be one, the workflow's own id stands for it.
 */
export function nameRun(input: unknown): void {
  upsertSearchAttributes([{ key: searchAttributes.run, value: runOf(input) ?? workflowInfo().workflowId }]);
}

function runOf(input: unknown): string | undefined {
  const id = (input as { readonly id?: unknown } | null | undefined)?.id;
  return typeof id === "string" && identifierPattern.test(id) ? id : undefined;
}

/**
 * Work that was parked when a person stopped it has no result and ends as a failure; its run was stopped even so. A store
 * that cannot be told is no reason to go on.
 */
export async function recordingStop<R>(input: unknown, work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    const run = runOf(input);
    if (isStopped(error) && run !== undefined && workflowInfo().parent === undefined)
      await cpu.finishRun
        .executeWithOptions({ summary: "record that it is stopped" }, [
          { run, state: "stopped", workflowType: workflowInfo().workflowType },
        ])
        .catch(() => undefined);
    throw error;
  }
}

/** Refuses a part of other work that a person started by hand: its input is what the whole, which checks its own, makes. */
export function requireParent(wholes: string): void {
  const { parent, workflowType } = workflowInfo();
  if (parent === undefined)
    throw ApplicationFailure.nonRetryable(
      `workflow type '${workflowType}' is a part that ${wholes} starts; start that one instead (temporal/examples has an input)`,
      "InvalidInput",
    );
}

export async function finish<R>(
  control: Control,
  job: { readonly run: string; readonly stage: string },
  result: R,
  state: "done" | "stopped" = "done",
): Promise<R> {
  if (workflowInfo().parent === undefined)
    await control.orPark(() =>
      cpu.finishAlone.executeWithOptions({ summary: `record that it is ${state}` }, [
        {
          ...{ run: job.run, stage: job.stage, state, result: result as unknown as Json },
          workflowType: workflowInfo().workflowType,
        },
      ]),
    );
  return result;
}
