/** What a workflow does at its end when a person started it by hand: no experiment records its result. */
import { workflowInfo } from "@temporalio/workflow";
import type { Json } from "../core/json.ts";
import { cpu } from "./proxies.ts";

export async function finish<R>(
  job: { readonly run: string; readonly stage: string },
  result: R,
): Promise<R> {
  if (workflowInfo().parent === undefined)
    await cpu.finishAlone({ run: job.run, stage: job.stage, result: result as unknown as Json });
  return result;
}
