/** What a workflow was started with, read by its first activity: a run that was begun before a rule came goes on without it. */
import type { z } from "zod";
import { identifierPattern } from "../core/experiment/identifier.ts";
import { parseRunInput } from "../core/experiment/parse.ts";
import { ownMember } from "../core/json.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { WorkflowType } from "../workflows/names.ts";

/** Throws InvalidInput for what the run's stored input, or an experiment's stage, was not accepted with. */
export async function parseGiven<T>(
  runs: Pick<RunStore, "getRun">,
  schema: z.ZodType<T>,
  raw: unknown,
  workflowType: WorkflowType,
): Promise<T> {
  return parseRunInput(schema, raw, workflowType, await acceptedBefore(runs, raw, workflowType));
}

async function acceptedBefore(
  runs: Pick<RunStore, "getRun">,
  raw: unknown,
  workflowType: WorkflowType,
): Promise<unknown> {
  const { id, stage } = (raw ?? {}) as { readonly id?: unknown; readonly stage?: unknown };
  if (typeof id !== "string" || !identifierPattern.test(id)) return undefined;
  const known = await runs.getRun(id);
  if (known === undefined || known.workflowType === workflowType) return known?.input;
  const { stages } = known.input as { readonly stages?: Readonly<Record<string, unknown>> };
  return stages && ownMember(stages, String(stage));
}
