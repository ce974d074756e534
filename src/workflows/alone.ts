/** What a workflow does for itself where a person may have started it by hand: no experiment names or records it. */
import { upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import { identifierPattern } from "../core/experiment/identifier.ts";
import type { Json } from "../core/json.ts";
import type { Control } from "./control.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";

/**
 * Makes the workflow known as the run's before its first activity, which may park. The input is not checked yet: where
 * it names no id that could be one, the workflow's own id stands for it.
 */
export function nameRun(input: unknown): void {
  const id = (input as { readonly id?: unknown } | null | undefined)?.id;
  const isNamed = typeof id === "string" && identifierPattern.test(id);
  upsertSearchAttributes([{ key: searchAttributes.run, value: isNamed ? id : workflowInfo().workflowId }]);
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
        { run: job.run, stage: job.stage, state, result: result as unknown as Json },
      ]),
    );
  return result;
}
