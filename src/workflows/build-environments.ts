/**
 * `buildEnvironments`: batches of scenarios go through the five stages side by side; acceptance and deduplication happen
 * at a barrier, in candidate order, so that the set never depends on which batch finished first.
 */
import { upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import type { AssembledSet } from "../activities/environments.ts";
import type { StepContext } from "../activities/step.ts";
import type { BuildInput, BuildSpecification } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { planBatches, type ScenarioCounts } from "../core/synthesis/batches.ts";
import { finish, nameRun } from "./alone.ts";
import { buildEnvironment } from "./build-environment.ts";
import { type Control, installControl } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";

/** Batches in flight: one in the sandbox while the next is written. */
const batchWindow = 2;
/** Rounds of proposals before a specification that cannot be met is given up. */
const mostRounds = 6;

export async function buildEnvironments(input: BuildInput): Promise<AssembledSet> {
  const control = installControl();
  nameRun(input);
  const job = await control.orPark(() => cpu.prepareBuild(input));
  const { run, stage, seed } = job;
  upsertSearchAttributes([{ key: searchAttributes.stage, value: stage }]);
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const proven: ArtifactRef[] = [];
  const wanted = job.environments.scenarios;
  let missing: ScenarioCounts = wanted;
  let proposed = 0;
  for (let round = 1; ; round++) {
    const batches = planBatches(wanted, missing, proposed);
    const built = await inWindow(batches, batchWindow, async (batch) => {
      await control.gate();
      return control.orPark(() =>
        runChild(
          control,
          buildEnvironment,
          { context, environments: job.environments, batch },
          {
            workflowId: `${workflowInfo().workflowId}.c${batch.from}`,
            summary: `candidates from ${batch.from}`,
          },
        ),
      );
    });
    proposed += batches.reduce((sum, { count }) => sum + count, 0);
    proven.push(...built);
    const last = round === mostRounds;
    const set = await control.orPark(() =>
      cpu.assembleEnvironments({ context, environments: job.environments, batches: proven, last }),
    );
    control.describe(
      `${set.accepted} environments accepted (${set.repaired} repaired), ${set.quarantined} quarantined`,
    );
    missing = set.missing;
    const total = Object.values(wanted).reduce((sum, count) => sum + count, 0);
    const progress = { done: set.accepted, total, unit: "environments" };
    await control.orPark(() => cpu.recordProgress({ context, progress }));
    if (Object.values(missing).every((count) => count === 0)) return finish(control, job, set);
  }
}

/** Environments a person described where a set was expected are built first, as a child of their own. */
export async function buildMissing(
  control: Control,
  job: {
    readonly run: string;
    readonly stage: string;
    readonly seed: number;
    readonly build: BuildSpecification | null;
  },
): Promise<ArtifactRef> {
  const stage = `${job.stage}-environments`;
  const built = await control.orPark(() =>
    runChild(
      control,
      buildEnvironments,
      { id: job.run, stage, seed: job.seed, environments: job.build! },
      { workflowId: `${workflowInfo().workflowId}.environments`, summary: "build the environments" },
    ),
  );
  return built.set;
}
