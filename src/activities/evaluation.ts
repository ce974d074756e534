/** What an evaluation's trajectories amount to: S, C and N of each environment, and their means. */
import { type MetricValues, meanMetrics } from "../core/evaluation/metrics.ts";
import { evaluateTrajectory } from "../core/evaluation/trajectory.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { CpuPorts } from "./ports.ts";
import { storeSampled } from "./sampled.ts";
import { trajectoriesOf } from "./shards.ts";
import { guarded, runStep, type StepContext, whileAlive } from "./step.ts";
import { stepVersions } from "./versions.ts";

export interface ScoreEvaluation {
  readonly context: StepContext;
  readonly environments: ArtifactRef;
  readonly shards: readonly ArtifactRef[];
}

export interface EvaluationResult {
  readonly summary: MetricValues;
  readonly environments: number;
  /** EvaluatedEnvironment[], in the set's order. */
  readonly outcomes: ArtifactRef;
  readonly shards: readonly ArtifactRef[];
  /** SampledTrajectories, by which a supervised training names them; absent where an earlier build evaluated. */
  readonly trajectories?: ArtifactRef;
}

export function createEvaluationActivities(ports: CpuPorts) {
  return {
    countEnvironments: guarded(
      async (environments: ArtifactRef): Promise<number> =>
        (await ports.environmentSet(environments)).environments.length,
    ),

    scoreEvaluation: (input: ScoreEvaluation): Promise<EvaluationResult> =>
      runStep(ports.ledger, {
        kind: "score-evaluation",
        version: stepVersions["score-evaluation"],
        context: input.context,
        inputs: [input.environments.hash, input.shards.map(({ hash }) => hash)],
        work: () =>
          whileAlive(async () => {
            const set = await ports.environmentSet(input.environments);
            const trajectories = await trajectoriesOf(ports.artifacts, input.shards);
            const outcomes = trajectories.map((trajectory) =>
              evaluateTrajectory(trajectory, set.environments[trajectory.member]!),
            );
            return {
              result: {
                summary: meanMetrics(outcomes),
                environments: outcomes.length,
                outcomes: await ports.artifacts.putJson("outcomes", outcomes),
                shards: [...input.shards],
                trajectories: await storeSampled(ports.artifacts, input),
              },
            };
          }),
      }),
  };
}
