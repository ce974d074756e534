/** What the `experiment` workflow does outside its children: checking its input, the stage cache, the run's record. */
import { ApplicationFailure } from "@temporalio/common";
import { isLost } from "../core/errors.ts";
import { holding } from "../core/experiment/changes.ts";
import {
  type BuildInput,
  type EvaluateInput,
  type ExperimentInput,
  experimentInputSchema,
  type Stage,
  type TrainInput,
} from "../core/experiment/input.ts";
import { dependentsOf, evaluationSampledBy, planStages } from "../core/experiment/plan.ts";
import { contentHash } from "../core/hash.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import { artifactsIn } from "../core/named-artifacts.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { type CachedStage, type ChangeRecord, type RunStore, resultOf } from "../core/ports/runs.ts";
import { pipelineVersion } from "../core/synthesis/pipeline.ts";
import { parseGiven } from "./accepted-input.ts";
import { preparePinned } from "./pinned-policy.ts";
import type { CpuPorts } from "./ports.ts";
import { withSampled } from "./sampled.ts";
import { guarded, recordingIn, type StageProgress, type StepContext } from "./step.ts";
import { withHashes } from "./stored-sets.ts";
import { stageVersions } from "./versions.ts";

export interface ReportInput {
  readonly run: string;
  readonly stage: string;
  readonly results: JsonObject;
}

/** A policy that a select stage may take, and how it did. */
export interface Candidate {
  readonly evaluation: string;
  readonly checkpoint: ArtifactRef;
  readonly solveF1: number;
}

export type StageInput =
  | { readonly type: "build"; readonly value: BuildInput }
  | { readonly type: "train"; readonly value: TrainInput }
  | { readonly type: "evaluate"; readonly value: EvaluateInput }
  | { readonly type: "select"; readonly value: { readonly candidates: readonly Candidate[] } }
  | { readonly type: "report"; readonly value: ReportInput };

type EndState = "done" | "stopped" | "failed";

interface EndOfRun {
  readonly run: string;
  readonly state: EndState;
  readonly workflowType?: string;
}

interface EndOfAlone {
  readonly run: string;
  readonly stage: string;
  readonly state: "done" | "stopped";
  readonly result: Json;
  readonly workflowType?: string;
}

interface StageOfRun {
  readonly run: string;
  readonly stage: string;
  readonly type: string;
}

export function createExperimentActivities(ports: CpuPorts) {
  /** What a result names is stored and undamaged; else its stage has to be done again. */
  const isWhole = async (result: Json): Promise<boolean> => {
    for (const { kind, hash } of artifactsIn(result))
      try {
        await ports.artifacts.find(kind, hash);
      } catch (error) {
        if (isLost(error)) return false;
        throw error;
      }
    return true;
  };

  const hasReached = async ({ run, stage }: StageOfRun, inputHash: string): Promise<boolean> => {
    const before = (await ports.runs.getStages(run)).find((known) => known.stage === stage);
    return before !== undefined && before.inputHash === inputHash && resultOf(before) !== undefined;
  };
  /**
   * What comes of the stage was reached with another result than it is about to have; before the stage says so itself. Its
   * own result, where it had one, is lost or no longer holds.
   */
  const awaitAgain = async (
    runs: RunStore,
    { run, stage }: StageOfRun,
    hadResult: boolean,
  ): Promise<void> => {
    const { input } = (await runs.getRun(run))!;
    const { stages } = input as unknown as ExperimentInput;
    await runs.awaitAgain(run, [...(hadResult ? [stage] : []), ...dependentsOf(stages, stage)]);
  };

  const recording = recordingIn(ports.runs);

  return {
    prepareExperiment: recording(
      async (raw: ExperimentInput, runs): Promise<{ input: ExperimentInput; order: string[] }> => {
        const given = await parseGiven(ports.runs, experimentInputSchema, raw, "experiment");
        const order = planStages(given);
        const input = await withWhatIsStored(ports, given);
        await runs.putRun({
          run: input.id,
          workflowType: "experiment",
          // As it was given: the same file started again is the same run.
          input: given as unknown as Json,
          state: "running",
        });
        for (const stage of order)
          await runs.putStage({
            run: input.id,
            stage,
            type: input.stages[stage]!.type,
            inputHash: "",
            state: "waiting",
          });
        return { input, order };
      },
    ),

    resolvePolicy: guarded(
      ({ run, policy }: { run: string; policy: string }): Promise<ArtifactRef> =>
        preparePinned(ports, run, policy),
    ),

    beginStage: recording(
      async (
        stage: StageOfRun & { input: StageInput },
        runs,
      ): Promise<{ inputHash: string; cached: Json | null }> => {
        const { type, value } = stage.input;
        const { id: _run, ...inputs } = value as { id?: string };
        const author = type === "build" ? [ports.author.name, ports.author.version, pipelineVersion()] : [];
        const inputHash = contentHash([type, stageVersions[type], ...author, inputs]);
        const made = (await runs.changesOf(stage.run)).filter((change) => change.stage === stage.stage);
        // A report is of its run; what a person changed in the stage is no part of its input.
        const known =
          type === "report" || isChanged(stage.input, made)
            ? undefined
            : await runs.findCachedStage(inputHash, stage.run);
        const whole = known && (await isWhole(known.result)) ? known : undefined;
        const found = whole && (await isOfItsNumerics(runs, stage.run, whole)) ? whole : undefined;
        const hadResult = await hasReached(stage, inputHash);
        if (!(found && hadResult)) await awaitAgain(runs, stage, hadResult);
        await runs.putStage({
          run: stage.run,
          stage: stage.stage,
          type: stage.type,
          inputHash,
          state: found ? "cached" : "running",
          ...(found ? { result: found.result } : {}),
        });
        return { inputHash, cached: found?.result ?? null };
      },
    ),

    finishStage: recording(
      async (stage: StageOfRun & { inputHash: string; result: Json }, runs): Promise<void> => {
        await runs.putStage({ ...stage, state: "done" });
      },
    ),

    /** Ends a run whose only workflow was started by hand. Not where the run is another workflow's that bears its name. */
    finishAlone: recording(async ({ state, workflowType, ...ended }: EndOfAlone, runs): Promise<void> => {
      const run = await runs.getRun(ended.run);
      if (workflowType !== undefined && run?.workflowType !== workflowType) return;
      const stage = (await runs.getStages(ended.run)).find((known) => known.stage === ended.stage);
      if (!run || !stage) return;
      await runs.putStage({ ...stage, state, result: ended.result });
      await runs.putRun({ ...run, state });
    }),

    /** Stages that were under way end as the run does. Not where the run is another workflow's that bears its name. */
    finishRun: recording(async ({ run, state, workflowType }: EndOfRun, runs): Promise<void> => {
      const stored = await runs.getRun(run);
      if (workflowType !== undefined && stored?.workflowType !== workflowType) return;
      if (stored) await runs.putRun({ ...stored, state });
      const stages = await runs.getStages(run);
      for (const stage of stages) if (stage.state === "running") await runs.putStage({ ...stage, state });
    }),

    recordProgress: recording(
      async (
        { context, progress }: { context: StepContext; progress: StageProgress },
        runs,
      ): Promise<void> => {
        await runs.putProgress(context.run, context.stage, { ...progress } as JsonObject);
      },
    ),

    collectGarbage: guarded((keep: readonly string[]): Promise<void> => ports.collectGarbage(keep)),

    /** What a running workflow came to, or null while it runs; its failure is this activity's. */
    peekWorkflow: guarded(
      async (workflowId: string, input?: unknown): Promise<{ result: unknown } | "cutShort" | null> => {
        const ended = await ports.peekWorkflow(workflowId, input);
        if (ended === null || ended === "cutShort" || "result" in ended) return ended;
        const { failure: message, type, details } = ended;
        throw ApplicationFailure.create({ message, type, details: [...details], nonRetryable: true });
      },
    ),
  };
}

/**
 * Caches go by inputs, so what a name stands for is resolved before a stage's input is hashed; and one that stands for
 * nothing is refused before any work starts. Of a stage of this experiment it is known only once that is done.
 */
async function withWhatIsStored(ports: CpuPorts, input: ExperimentInput): Promise<ExperimentInput> {
  const resolved = async (id: string, stage: Stage): Promise<Stage> => {
    if (stage.type === "build")
      return { ...stage, environments: await withHashes(ports, stage.environments) };
    if (stage.type !== "train" || evaluationSampledBy(stage) !== undefined) return stage;
    const field = `stages.${id}.training.trajectories.from`;
    return { ...stage, training: await withSampled(ports, stage.training, field) };
  };
  const stages: ExperimentInput["stages"] = {};
  for (const [id, stage] of Object.entries(input.stages)) stages[id] = await resolved(id, stage);
  return { ...input, stages };
}

/** Whether some of what a person changed in the stage still holds for this input. */
const isChanged = ({ type, value }: StageInput, made: readonly ChangeRecord[]): boolean =>
  type === "train" && holding(made, value.training, value.from?.iteration ?? 0).length > 0;

/**
 * Whether the run computes with what the stage was computed with, which one that has computed nothing yet does from here
 * on; another of its stages may have begun to compute meanwhile.
 */
async function isOfItsNumerics(runs: RunStore, run: string, cached: CachedStage): Promise<boolean> {
  if (cached.run === run || cached.numerics === null) return true;
  const held = (await runs.numericsOf(run)) ?? (await runs.holdNumerics(run, cached.numerics));
  return canonicalJson(held.numerics) === canonicalJson(cached.numerics);
}
