/** What a workflow does at its end when a person started it by hand: no experiment records its result. */
import { workflowInfo } from "@temporalio/workflow";
import type { Json } from "../core/json.ts";
import type { Control } from "./control.ts";
import { cpu } from "./proxies.ts";

export async function finish<R>(
  control: Control,
  job: { readonly run: string; readonly stage: string },
  result: R,
): Promise<R> {
  if (workflowInfo().parent === undefined)
    await control.orPark(() =>
      cpu.finishAlone({ run: job.run, stage: job.stage, result: result as unknown as Json }),
    );
  return result;
}
