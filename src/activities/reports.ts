/** The report stage: gathers what an experiment's stages left and stores it as data; pages are made from it. */
import type { EvaluatedEnvironment } from "../core/evaluation/metrics.ts";
import { describeNumericsChange } from "../core/experiment/held-numerics.ts";
import { describeChange, describeOrigin, describeTrip } from "../core/experiment/history.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { foundationsOf, planStages } from "../core/experiment/plan.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { assembleReport, type EvaluationSource, type TrainingSource } from "../core/report/assemble.ts";
import type { AssembledSet } from "./environments.ts";
import type { EvaluationResult } from "./evaluation.ts";
import type { ReportInput } from "./experiments.ts";
import { lineagePath, originsOf } from "./lineage-path.ts";
import type { CpuPorts } from "./ports.ts";
import { trajectoriesOf } from "./shards.ts";
import { guarded } from "./step.ts";

export function createReportActivities(ports: CpuPorts) {
  const readEvaluation = async (stage: string, result: EvaluationResult): Promise<EvaluationSource> => ({
    stage,
    outcomes: (await ports.artifacts.getJson(result.outcomes)) as EvaluatedEnvironment[],
    trajectories: await trajectoriesOf(ports.artifacts, result.shards),
  });

  const readTraining = async (
    { run, branch }: { readonly run: string; readonly branch: number },
    stage: string,
  ): Promise<TrainingSource> => {
    const made = await ports.runs.getRun(run);
    const origins = made === undefined ? [] : await originsOf(ports.runs, made, stage);
    const numerics = await ports.runs.numericsChangesOf(run);
    const ofStage = (of: { readonly stage: string }) => of.stage === stage;
    const changes = (await ports.runs.changesOf(run)).filter(ofStage);
    const trips = (await ports.runs.tripsOf(run)).filter(ofStage);
    return {
      stage,
      updates: await lineagePath(ports.runs, run, stage, branch),
      remarks: [
        ...origins.map((origin) => describeOrigin(run, origin)),
        ...numerics.map(describeNumericsChange),
        ...changes.map(describeChange),
        ...trips.map(describeTrip),
      ],
    };
  };

  return {
    /**
     * Shows the evaluations and what they rest on, in the order it was done. Other stages may be done or not by now, and
     * the same experiment gives the same report.
     */
    writeReport: guarded(async ({ run, stage, results }: ReportInput): Promise<{ report: ArtifactRef }> => {
      const input = (await ports.runs.getRun(run))!.input as unknown as ExperimentInput;
      const declared = input.stages[stage]!;
      const compared = declared.type === "report" ? declared.evaluations : [];
      const foundations = new Set(foundationsOf(input.stages, stage));
      const shown = planStages(input).filter((id) => foundations.has(id));
      const stagesOf = (type: string) => shown.filter((id) => input.stages[id]!.type === type);
      const pin = (await ports.runs.pinsOf(run)).find(({ source }) => source === input.policy);
      const data = assembleReport({
        input,
        policy: pin?.pinned ?? input.policy,
        evaluations: await Promise.all(
          compared.map((id) => readEvaluation(id, results[id] as unknown as EvaluationResult)),
        ),
        sets: await Promise.all(
          stagesOf("build").map(async (id) => {
            const { set, repaired } = results[id] as unknown as AssembledSet;
            return { stage: id, hash: set.hash, set: await ports.environmentSet(set), repaired };
          }),
        ),
        trainings: await Promise.all(
          stagesOf("train").map(async (id) => {
            const trained = results[id] as unknown as { run: string; branch: number };
            return readTraining(trained, id);
          }),
        ),
      });
      return { report: await ports.artifacts.putJson("report", data) };
    }),
  };
}
