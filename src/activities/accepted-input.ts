/** What a workflow was started with, read by its first activity: a run that was begun before a rule came goes on without it. */
import type { z } from "zod";
import { importStage } from "../core/environment/build-name.ts";
import { RatchetError } from "../core/errors.ts";
import { identifierPattern } from "../core/experiment/identifier.ts";
import { parseRunInput } from "../core/experiment/parse.ts";
import { ownMember } from "../core/json.ts";
import type { RunStore } from "../core/ports/runs.ts";
import type { WorkflowType } from "../workflows/names.ts";

type KnownRuns = Pick<RunStore, "getRun" | "getStages">;

/**
 * Throws InvalidInput for what the run's stored input, or an experiment's stage, was not accepted with, and where the id of
 * a new run is the name of an import.
 */
export async function parseGiven<T>(
  runs: KnownRuns,
  schema: z.ZodType<T>,
  raw: unknown,
  workflowType: WorkflowType,
): Promise<T> {
  return parseRunInput(schema, raw, workflowType, await acceptedBefore(runs, raw, workflowType));
}

async function acceptedBefore(runs: KnownRuns, raw: unknown, workflowType: WorkflowType): Promise<unknown> {
  const { id, stage } = (raw ?? {}) as { readonly id?: unknown; readonly stage?: unknown };
  if (typeof id !== "string" || !identifierPattern.test(id)) return undefined;
  const known = await runs.getRun(id);
  const isImport =
    known === undefined && (await runs.getStages(id)).some(({ stage }) => stage === importStage);
  if (isImport) throw nameTaken(id);
  if (known === undefined || known.workflowType === workflowType) return known?.input;
  const { stages } = known.input as { readonly stages?: Readonly<Record<string, unknown>> };
  return stages && ownMember(stages, String(stage));
}

const nameTaken = (id: string) =>
  new RatchetError(
    "InvalidInput",
    `field 'id' = "${id}" is the name of imported environments, which the run's would stand among; give another id`,
    { field: "id", value: id },
  );
