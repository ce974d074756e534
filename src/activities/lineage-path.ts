/** The updates that led to where a training stands, through the runs that it was forked from. */
import { RatchetError } from "../core/errors.ts";
import { differences, type StageOrigin } from "../core/experiment/fork.ts";
import type { TrainInput } from "../core/experiment/input.ts";
import type { Origin } from "../core/experiment/origin.ts";
import type { Json } from "../core/json.ts";
import type { LineageRecord, RunRecord, RunStore } from "../core/ports/runs.ts";

type Runs = Pick<RunStore, "getRun" | "lineageOf">;

/** Of a run's stored input: an experiment's train stage, or the one training of a run started by hand. */
function trainingOf(input: Json, stage: string): Partial<Pick<TrainInput, "from" | "training">> {
  const { stages, ...alone } = input as unknown as Partial<TrainInput> & {
    readonly stages?: Readonly<Record<string, Partial<TrainInput>>>;
  };
  return (stages === undefined ? alone : stages[stage]) ?? {};
}

/** The run it was forked from, then the run's own iteration; empty where the training begins at its policy. */
export async function originsOf(
  runs: Pick<RunStore, "getRun">,
  { run, input }: Pick<RunRecord, "run" | "input">,
  stage: string,
): Promise<StageOrigin[]> {
  const { from, training } = trainingOf(input, stage);
  if (from === undefined) return [];
  const { parent, ...at } = from;
  const forked = from.run === run ? parent : at;
  const stored = forked && (await runs.getRun(forked.run));
  const was = stored && trainingOf(stored.input, forked.stage).training;
  const changes = was && training ? differences(was, training) : [];
  return [
    ...(forked === undefined ? [] : [{ stage, from: forked, changes }]),
    ...(from.run === run ? [{ stage, from: at, changes: [] }] : []),
  ];
}

/** First iteration first, over branches and runs. */
export async function lineagePath(
  runs: Runs,
  run: string,
  stage: string,
  branch: number,
): Promise<LineageRecord[]> {
  const own = await runs.lineageOf(run, stage, branch);
  const forked = await forkOf(runs, run, stage);
  if (forked === undefined) return own;
  const before = await lineagePath(runs, forked.run, forked.stage, forked.branch);
  return [...before.filter(({ iteration }) => iteration <= forked.iteration), ...own];
}

/** The run's own iteration, or that of the run it was forked from where it is one of those that it took over. */
export async function originAt(runs: Runs, wanted: Origin): Promise<Origin> {
  const forked = await forkOf(runs, wanted.run, wanted.stage);
  if (forked === undefined || wanted.iteration > forked.iteration) return wanted;
  return originAt(runs, { ...forked, iteration: wanted.iteration });
}

/** Undefined where the training began in this very run. */
export async function forkOf(
  runs: Pick<RunStore, "getRun">,
  run: string,
  stage: string,
): Promise<Origin | undefined> {
  const stored = await runs.getRun(run);
  const from = stored && trainingOf(stored.input, stage).from;
  return from?.run === run ? from.parent : from;
}

/**
 * The updates up to the iteration that a training goes on after, at least one. Throws InvalidInput where there is no such
 * stage, branch or iteration.
 */
export async function pathTo(
  runs: Runs,
  { run, stage, branch, iteration }: Origin,
): Promise<LineageRecord[]> {
  const path = await lineagePath(runs, run, stage, branch);
  const newest = path.at(-1)?.iteration;
  if (newest === undefined)
    throw new RatchetError(
      "InvalidInput",
      `run '${run}' has no update of a train stage '${stage}' on branch ${branch}; npx ratchet status ${run} --json lists its branches`,
      { field: "from", value: { run, stage, branch } },
    );
  const first = path[0]!.iteration;
  if (iteration >= first && iteration <= newest)
    return path.filter((update) => update.iteration <= iteration);
  throw new RatchetError(
    "InvalidInput",
    `iteration ${iteration} of '${stage}' of run '${run}' is none to go on after: branch ${branch} has updates from iteration ${first} to ${newest}; give one of these`,
    { field: "iteration", value: iteration, limit: newest },
  );
}
