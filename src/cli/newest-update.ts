/**
 * Which update a run has come to. A training that has ended says so itself, whoever did it and on which branch; of one
 * that has not it is the newest update of the branch it is on. Updates that an earlier input of the run made do not count.
 */
import { lineagePath } from "../activities/lineage-path.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import {
  type LineageRecord,
  type RunRecord,
  type RunStore,
  resultOf,
  type StageRecord,
} from "../core/ports/runs.ts";

export type NewestUpdate = Pick<
  LineageRecord,
  "stage" | "iteration" | "checkpoint" | "weightsSha256" | "optimizerSha256"
>;

type Runs = Pick<RunStore, "getRun" | "lineageOf">;

/** What `trainPolicy` gives; the hashes are null where no iteration had anything to learn from. */
interface Trained {
  readonly run: string;
  readonly branch: number;
  readonly iterations: number;
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string | null;
  readonly optimizerSha256: string | null;
}

/** Of the last training, in the order of the run's input, that has an update; undefined before the first. */
export async function newestUpdate(
  runs: Runs,
  { input }: Pick<RunRecord, "input">,
  stages: readonly StageRecord[],
): Promise<NewestUpdate | undefined> {
  for (const stage of declaredOrder(input, stages).reverse()) {
    const update = stage.type === "train" ? await updateOf(runs, stage) : undefined;
    if (update !== undefined) return update;
  }
  return undefined;
}

/** An experiment's; a run that was started by hand has one stage. */
function declaredOrder(input: Json, stages: readonly StageRecord[]): StageRecord[] {
  const declared = Object.keys((input as { readonly stages?: object }).stages ?? {});
  return stages.toSorted((a, b) => declared.indexOf(a.stage) - declared.indexOf(b.stage));
}

async function updateOf(runs: Runs, row: StageRecord): Promise<NewestUpdate | undefined> {
  const { run, stage, state } = row;
  const trained = resultOf(row) as Trained | undefined;
  if (trained !== undefined) {
    const { checkpoint, weightsSha256, optimizerSha256, iterations } = trained;
    if (weightsSha256 === null || optimizerSha256 === null) return undefined;
    const path = await lineagePath(runs, trained.run, stage, trained.branch);
    const made = path.findLast((update) => update.checkpoint.hash === checkpoint.hash);
    return { stage, iteration: made?.iteration ?? iterations, checkpoint, weightsSha256, optimizerSha256 };
  }
  const { branch } = (row.progress ?? {}) as { readonly branch?: number };
  if (state === "waiting" || state === "outdated" || branch === undefined) return undefined;
  return (await lineagePath(runs, run, stage, branch)).at(-1);
}
