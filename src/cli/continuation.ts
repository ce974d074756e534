/** From a run in the store to the input of one that goes on after an iteration of it: what `fork` and `resume --from-iteration` share. */
import { forkOf, originAt, pathTo } from "../activities/lineage-path.ts";
import { setNamed } from "../core/environment/build-name.ts";
import { RatchetError } from "../core/errors.ts";
import { holding, settingsAt, withoutChanges } from "../core/experiment/changes.ts";
import type { Difference } from "../core/experiment/difference.ts";
import {
  continueExperiment,
  continueTraining,
  differences,
  inForce,
  withSettings,
} from "../core/experiment/fork.ts";
import {
  type ExperimentInput,
  experimentInputSchema,
  type TrainInput,
  type TrainingSettings,
  trainInputSchema,
} from "../core/experiment/input.ts";
import type { Origin } from "../core/experiment/origin.ts";
import { parseRunInput } from "../core/experiment/parse.ts";
import { needsOf } from "../core/experiment/plan.ts";
import { isHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import {
  type LineageRecord,
  type RunRecord,
  type RunStore,
  resultOf,
  type StageRecord,
} from "../core/ports/runs.ts";

export interface Wanted {
  /** Of the new run; the run's own to go on with that one. */
  readonly id: string;
  /** The last one that is kept; 0 keeps none. */
  readonly iteration: number;
  readonly stage?: string | undefined;
  /** The one that the training ended on by default, or the newest. */
  readonly branch?: number | undefined;
  readonly settings: Readonly<Record<string, Json>>;
}

export type ContinuedInput =
  | { readonly type: "experiment"; readonly value: ExperimentInput }
  | { readonly type: "trainPolicy"; readonly value: TrainInput };

export interface Planned {
  readonly input: ContinuedInput;
  readonly stage: string;
  /** Against the run's stored input. */
  readonly changes: readonly Difference[];
}

type Runs = Pick<RunStore, "changesOf" | "pinsOf" | "getRun" | "getStages" | "lineageOf" | "updateThatMade">;

/** Throws InvalidInput in one sentence where there is nothing to go on after, or a setting is none. */
export async function planContinuation(runs: Runs, stored: RunRecord, wanted: Wanted): Promise<Planned> {
  const known = await runs.getStages(stored.run);
  const stages = known.filter(({ state }) => state !== "outdated");
  const parent = parseStored(stored);
  if (known.length > 0 && stages.length === 0) throw notBegun(stored.run);
  const stage = chooseStage(stored.run, stages, wanted.stage);
  const declared =
    parent.type === "experiment" ? parent.value.stages[stage.stage] : { type: "train", ...parent.value };
  const before = (declared as { training: TrainingSettings }).training;
  const { from, path } = await originOfWanted(runs, stage, wanted);
  const last = path.at(-1);
  const made = last && (await runs.updateThatMade(last.checkpoint.hash));
  const limited = from === undefined ? before : await withLimitsSet(runs, before, from);
  const training = withSettings(made ? inForce(limited, made.recipe) : limited, wanted.settings);
  requireLeft(training, wanted.iteration);
  const continuation = { id: wanted.id, from, training };
  const what = `run ${wanted.id}`;
  // Another run has to keep today's rules.
  const accepted = wanted.id === stored.run ? stored.input : undefined;
  if (parent.type === "experiment") {
    if (wanted.id !== stored.run) requireUnaltered(parent.value, stage.stage, stages);
    const named = wanted.id === stored.run ? parent.value : await withPinned(runs, parent.value);
    const value = continueExperiment(named, stage.stage, continuation);
    return {
      input: { type: "experiment", value: parseRunInput(experimentInputSchema, value, what, accepted) },
      stage: stage.stage,
      changes: differences(before, training),
    };
  }
  const { policy, environments } = parent.value;
  const named = await pinnedIn(runs, stored.run, policy);
  const value = {
    ...continueTraining(parent.value, continuation),
    // Names may stand for something else by now; the first update tells what it started from. A hash stands for itself:
    // in a run that was forked, the first update did not start from it.
    policy: isHash(policy) ? policy : (path[0]?.parent ?? named),
    environments:
      typeof environments === "string" && !isHash(environments)
        ? setNamed(environments, await runs.getStages(environments.split("/")[0]!)).hash
        : environments,
  };
  return {
    input: { type: "trainPolicy", value: parseRunInput(trainInputSchema, value, what, accepted) },
    stage: stage.stage,
    changes: differences(before, training),
  };
}

/** Tripwires as they were set by then: an update holds what it was made with, but not the limits it was held to. */
async function withLimitsSet(
  runs: Runs,
  training: TrainingSettings,
  { run, stage, iteration }: Origin,
): Promise<TrainingSettings> {
  const made = (await runs.changesOf(run)).filter((change) => change.stage === stage);
  const original = withoutChanges(training, made);
  const { tripwires } = settingsAt(original, holding(made, original, 0), iteration);
  return { ...training, tripwires } as TrainingSettings;
}

/** Another run would ask anew what a branch of the Hub is. */
async function withPinned(runs: Runs, input: ExperimentInput): Promise<ExperimentInput> {
  return { ...input, policy: await pinnedIn(runs, input.id, input.policy) };
}

async function pinnedIn(runs: Runs, run: string, policy: string): Promise<string> {
  return (await runs.pinsOf(run)).find(({ source }) => source === policy)?.pinned ?? policy;
}

function parseStored({ run, workflowType, input }: RunRecord): ContinuedInput {
  if (workflowType === "experiment")
    return { type: "experiment", value: parseRunInput(experimentInputSchema, input, `run ${run}`, input) };
  if (workflowType === "trainPolicy")
    return { type: "trainPolicy", value: parseRunInput(trainInputSchema, input, `run ${run}`, input) };
  throw new RatchetError(
    "InvalidInput",
    `run '${run}' is a ${workflowType}, which has no iterations; name an experiment or a training`,
    { field: "RUN", value: run },
  );
}

const notBegun = (run: string) =>
  new RatchetError(
    "InvalidInput",
    `run '${run}' was given another input and has not begun with it yet; go on with it first: ratchet resume ${run}`,
    { field: "RUN", value: run },
  );

function chooseStage(run: string, stages: readonly StageRecord[], named: string | undefined): StageRecord {
  const trainings = stages.filter(({ type }) => type === "train");
  const found = trainings.filter(({ stage }) => named === undefined || stage === named);
  if (found.length === 1) return found[0]!;
  const known = trainings.map(({ stage }) => stage).join(", ") || "none";
  throw new RatchetError(
    "InvalidInput",
    found.length === 0
      ? `run '${run}' has no training${named === undefined ? "" : ` '${named}'`}; its trainings are: ${known}`
      : `run '${run}' has several trainings (${known}); name one with --stage`,
    { field: "--stage", value: named },
  );
}

/** Undefined where nothing is kept. A cached stage's updates are those of the run that made them, on its branch. */
async function originOfWanted(
  runs: Runs,
  training: StageRecord,
  { id, iteration, branch }: Wanted,
): Promise<{ from: Origin | undefined; path: readonly LineageRecord[] }> {
  if (iteration === 0) {
    if (branch === undefined) return { from: undefined, path: [] };
    throw new RatchetError(
      "InvalidInput",
      `--branch ${branch} names nothing to go on after where iteration 0 keeps nothing; leave it out, or give an iteration of it`,
      { field: "--branch", value: branch },
    );
  }
  const { stage } = training;
  const trained = resultOf(training) as { readonly run?: string; readonly branch?: number } | undefined;
  const maker = trained?.run ?? training.run;
  const wanted = {
    run: maker,
    stage,
    branch: branch ?? trained?.branch ?? (await newestBranch(runs, maker, stage)),
    iteration,
  };
  const path = await pathTo(runs, wanted);
  const from = await originAt(runs, wanted);
  // Its own iteration comes beside what the run was forked from, not in its place.
  const parent = from.run === id ? await forkOf(runs, id, stage) : undefined;
  return { from: { ...from, ...(parent && { parent }) }, path };
}

async function newestBranch(runs: Runs, run: string, stage: string): Promise<number> {
  for (let branch = 0; ; branch++)
    if ((await runs.lineageOf(run, stage, branch + 1)).length === 0) return branch;
}

/** Supervised training knows its iterations only once its batches are counted. */
function requireLeft(training: TrainingSettings, iteration: number): void {
  if (training.algorithm === "sft" || iteration < training.iterations) return;
  throw new RatchetError(
    "InvalidInput",
    `nothing is left after iteration ${iteration}: the training has ${training.iterations}; give an earlier one, or more with --set iterations=${2 * training.iterations}`,
    { field: "iteration", value: iteration, limit: training.iterations },
  );
}

/** Another run computes from the input what the stage needs; what a person changed on the way it would not find. */
function requireUnaltered(input: ExperimentInput, stage: string, stages: readonly StageRecord[]): void {
  for (const need of needsOf(input.stages[stage]!)) {
    if (!Object.hasOwn(input.stages, need)) continue;
    const needed = stages.find((known) => known.stage === need);
    const result = needed && (resultOf(needed) as { readonly altered?: boolean } | undefined);
    if (result?.altered === true)
      throw new RatchetError(
        "InvalidInput",
        `stage '${need}', which '${stage}' needs, was changed while it ran, so a fork would not start from the same; train by hand from its checkpoint instead (workflow trainPolicy, field 'from': docs/inputs.md)`,
        { field: "--stage", value: stage },
      );
    requireUnaltered(input, need, stages);
  }
}
