/** What a policy's samples say of each environment: pass@k and difficulty, stored beside the set, and the part worth keeping. */
import { storeSet } from "../core/environment/stored-set.ts";
import {
  type Calibration,
  type CalibrationSummary,
  calibrated,
  isKept,
  type Keep,
  summaryOf,
} from "../core/evaluation/calibration.ts";
import type { EvaluatedEnvironment } from "../core/evaluation/metrics.ts";
import { evaluateTrajectory } from "../core/evaluation/trajectory.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { CpuPorts } from "./ports.ts";
import { storeSampled } from "./sampled.ts";
import { trajectoriesOf } from "./shards.ts";
import { runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface ScoreCalibration {
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly policyName: string;
  readonly environments: ArtifactRef;
  readonly shards: readonly ArtifactRef[];
  /** Shards whose trajectories were shown no tools. */
  readonly blindShards: readonly ArtifactRef[];
  readonly keep: Keep;
}

export interface CalibrationResult {
  readonly calibration: ArtifactRef;
  readonly summary: CalibrationSummary;
  /** The environments that are kept, as a set of their own; null where none is. */
  readonly set: ArtifactRef | null;
  readonly kept: number;
  /** SampledTrajectories, without those that were shown no tools; absent where an earlier build calibrated. */
  readonly trajectories?: ArtifactRef;
}

export function createCalibrationActivities(ports: CpuPorts) {
  return {
    scoreCalibration: (input: ScoreCalibration): Promise<CalibrationResult> =>
      runStep(ports.ledger, {
        kind: "score-calibration",
        version: stepVersions["score-calibration"],
        context: input.context,
        inputs: [
          input.policy.hash,
          input.environments.hash,
          input.shards.map(({ hash }) => hash),
          input.blindShards.map(({ hash }) => hash),
          { difficulty: [...input.keep.difficulty], mostAnsweredBlind: input.keep.mostAnsweredBlind },
        ],
        work: () => whileAlive(async () => ({ result: await score(ports, input) })),
      }),
  };
}

async function score(ports: CpuPorts, input: ScoreCalibration): Promise<CalibrationResult> {
  const set = await ports.environmentSet(input.environments);
  const outcomesOf = async (refs: readonly ArtifactRef[]) => {
    const outcomes = set.environments.map((): EvaluatedEnvironment[] => []);
    for (const trajectory of await trajectoriesOf(ports.artifacts, refs))
      outcomes[trajectory.member]!.push(evaluateTrajectory(trajectory, set.environments[trajectory.member]!));
    return outcomes;
  };
  const [outcomes, blind] = [await outcomesOf(input.shards), await outcomesOf(input.blindShards)];
  const environments = outcomes.map((samples, member) => calibrated(samples, blind[member]!));
  const calibration: Calibration = {
    format: "ratchet.calibration.v1",
    set: input.environments.hash,
    policy: input.policy.hash,
    policyName: input.policyName,
    environments,
  };
  const kept = set.environments.filter((_, member) => isKept(environments[member]!, input.keep));
  return {
    calibration: await ports.artifacts.putJson("calibration", calibration),
    summary: summaryOf(environments),
    set:
      kept.length === 0
        ? null
        : await storeSet(ports.artifacts, {
            ...set,
            name: input.context.stage,
            environments: kept,
            quarantined: [],
          }),
    kept: kept.length,
    trajectories: await storeSampled(ports.artifacts, input),
  };
}
