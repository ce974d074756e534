/**
 * The first activity of each workflow: parses what a person wrote, turns names into content-addressed references and
 * records what was resolved. Nothing else in a workflow reads names.
 */
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import {
  type CalibrateInput,
  type CalibrationSettings,
  calibrateInputSchema,
} from "../core/experiment/calibration.ts";
import { holding } from "../core/experiment/changes.ts";
import { threadsInForce } from "../core/experiment/held-numerics.ts";
import {
  type BuildInput,
  buildInputSchema,
  type EvaluateInput,
  type EvaluationSettings,
  evaluateInputSchema,
  type Stage,
  type TrainInput,
  type TrainingSettings,
  trainInputSchema,
} from "../core/experiment/input.ts";
import type { Origin } from "../core/experiment/origin.ts";
import { environmentsIn, requireRoomForShards } from "../core/experiment/shards.ts";
import { isHash } from "../core/hash.ts";
import type { Json } from "../core/json.ts";
import type { Course } from "../core/learning/course.ts";
import { judgedWith } from "../core/learning/trip-record.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { ChangeRecord, RunStore, StoredTrip } from "../core/ports/runs.ts";
import type { WorkflowType } from "../workflows/names.ts";
import { parseGiven } from "./accepted-input.ts";
import { pathTo } from "./lineage-path.ts";
import { preparePinned } from "./pinned-policy.ts";
import type { CpuPorts } from "./ports.ts";
import { withSampled } from "./sampled.ts";
import { recordingIn } from "./step.ts";
import { storedSet, withHashes } from "./stored-sets.ts";

interface Job {
  readonly run: string;
  readonly stage: string;
  readonly seed: number;
}

export interface BuildJob extends Job {
  readonly environments: BuildSpecification;
}

/** `environments` is null where they have to be built first, to `build`. */
interface PolicyJob extends Job {
  /** Named as the person named it. */
  readonly policyName: string;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef | null;
  readonly build: BuildSpecification | null;
}

/** Where a training goes on that does not begin with its first iteration. */
type Start = Pick<Course, "iteration" | "branch" | "latest" | "recent">;

export interface TrainingJob extends PolicyJob {
  readonly training: TrainingSettings;
  readonly start: Start | null;
  /** What a person changed in this training before, as far as it still holds. */
  readonly changes: readonly ChangeRecord[];
  /** Hash of the settings, by which its trips are known; absent in histories of builds that did not recall them. */
  readonly settings?: string;
  /** What tripped in this training before, with these settings. */
  readonly trips?: readonly StoredTrip[];
}

export interface EvaluationJob extends PolicyJob {
  readonly evaluation: EvaluationSettings;
}

export interface CalibrationJob extends PolicyJob {
  readonly calibration: CalibrationSettings;
}

export function createJobActivities(ports: CpuPorts) {
  /**
   * A run started by hand has one stage, and is recorded here, before anything may park it: commands find a run that is
   * known. In an experiment both are known already.
   */
  const begin = async (
    runs: RunStore,
    type: Stage["type"] | "calibrate",
    workflowType: WorkflowType,
    input: { id: string; stage: string },
  ) => {
    const known = await runs.getRun(input.id);
    if (known && known.workflowType !== workflowType) return;
    await runs.putRun({
      run: input.id,
      workflowType,
      input: input as unknown as Json,
      state: "running",
    });
    await runs.putStage({ run: input.id, stage: input.stage, type, inputHash: "", state: "running" });
  };
  const resolve = async (input: TrainInput | EvaluateInput | CalibrateInput) => ({
    run: input.id,
    stage: input.stage,
    seed: input.seed,
    policyName: input.policy,
    policy: isHash(input.policy)
      ? await ports.artifacts.find("checkpoint", input.policy)
      : await preparePinned(ports, input.id, input.policy),
    environments: typeof input.environments === "string" ? await storedSet(ports, input.environments) : null,
    build: typeof input.environments === "string" ? null : input.environments,
  });
  /** Of another run the training begins on a lineage of its own; in the same run it stays on the branch it goes back on. */
  const startAfter = async (from: Origin, { id, training }: TrainInput): Promise<Start> => {
    const path = await pathTo(ports.runs, from);
    const { checkpoint, weightsSha256, optimizerSha256 } = path.at(-1)!;
    return {
      iteration: from.iteration + 1,
      branch: from.run === id ? from.branch : 0,
      latest: {
        checkpoint: await ports.artifacts.find("checkpoint", checkpoint.hash),
        weightsSha256,
        optimizerSha256,
      },
      recent: path.slice(-training.tripwires.window - 1).map(({ iteration, metrics }) => ({
        iteration,
        gradientNorm: Number(metrics.gradientNorm),
        reward: metrics.rewardMean === undefined ? null : Number(metrics.rewardMean),
      })),
    };
  };
  const checkThreads = async (input: { id: string; threads: number }) => {
    const threads = threadsInForce(await ports.runs.numericsOf(input.id), input.threads);
    if (threads === null || threads === ports.engineThreads) return;
    throw new RatchetError(
      "NumericsMismatch",
      `the run computes with threads = ${threads}, the workers' engine has ${ports.engineThreads}; start the workers with RATCHET_THREADS=${threads}, let the run go on with other bits (npx ratchet resume ${input.id} --accept-numerics), or ask for threads = ${ports.engineThreads} under a new id`,
      { field: "threads", value: threads, limit: ports.engineThreads },
    );
  };
  const sizeOf = async (environments: EvaluateInput["environments"]): Promise<number> =>
    typeof environments === "string"
      ? (await ports.environmentSet(await storedSet(ports, environments))).environments.length
      : environmentsIn(environments.scenarios);

  const recording = recordingIn(ports.runs);

  return {
    prepareBuild: recording(async (raw: BuildInput, runs): Promise<BuildJob> => {
      const input = await parseGiven(ports.runs, buildInputSchema, raw, "buildEnvironments");
      await begin(runs, "build", "buildEnvironments", input);
      const environments = await withHashes(ports, input.environments);
      return { run: input.id, stage: input.stage, seed: input.seed, environments };
    }),

    prepareTraining: recording(async (raw: TrainInput, runs): Promise<TrainingJob> => {
      const input = await parseGiven(ports.runs, trainInputSchema, raw, "trainPolicy");
      await begin(runs, "train", "trainPolicy", input);
      await checkThreads(input);
      const { id, stage, from } = input;
      const start = from === undefined ? null : await startAfter(from, input);
      const made = (await ports.runs.changesOf(id)).filter((change) => change.stage === stage);
      const changes = holding(made, input.training, from?.iteration ?? 0);
      const training = await withSampled(ports, input.training);
      const settings = judgedWith(training);
      const tripped = await ports.runs.tripsOf(id);
      const trips = tripped.filter((trip) => trip.stage === stage && trip.settings === settings);
      return { ...(await resolve(input)), training, start, changes, settings, trips };
    }),

    prepareEvaluation: recording(async (raw: EvaluateInput, runs): Promise<EvaluationJob> => {
      const input = await parseGiven(ports.runs, evaluateInputSchema, raw, "evaluatePolicy");
      await begin(runs, "evaluate", "evaluatePolicy", input);
      const { shardSize } = input.evaluation;
      const episodes = await sizeOf(input.environments);
      requireRoomForShards("evaluatePolicy", [{ field: "evaluation.shardSize", episodes, shardSize }]);
      await checkThreads(input);
      return { ...(await resolve(input)), evaluation: input.evaluation };
    }),

    prepareCalibration: recording(async (raw: CalibrateInput, runs): Promise<CalibrationJob> => {
      const input = await parseGiven(ports.runs, calibrateInputSchema, raw, "calibrateEnvironments");
      await begin(runs, "calibrate", "calibrateEnvironments", input);
      const { samples, blindSamples, shardSize } = input.calibration;
      const episodes = (await sizeOf(input.environments)) * (samples + blindSamples);
      const field = "calibration.shardSize";
      requireRoomForShards("calibrateEnvironments", [{ field, episodes, shardSize }]);
      await checkThreads(input);
      return { ...(await resolve(input)), calibration: input.calibration };
    }),
  };
}
