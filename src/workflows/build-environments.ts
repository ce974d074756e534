/**
 * `buildEnvironments`: batches of scenarios go through the five stages side by side; acceptance and deduplication happen
 * at a barrier, in candidate order, so that the set never depends on which batch finished first.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import type { AssembledSet } from "../activities/environments.ts";
import type { StepContext } from "../activities/step.ts";
import type { BuildInput, BuildSpecification } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { type Batch, planBatches, type ScenarioCounts } from "../core/synthesis/batches.ts";
import { finish, nameRun } from "./alone.ts";
import { buildEnvironment } from "./build-environment.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";

/** Batches in flight: one in the sandbox while the next is written. */
const batchWindow = 2;
/** Rounds of proposals before a specification that cannot be met is given up. */
const mostRounds = 6;
/** Batches whose results are kept under one reference: 20 KB of references in their place. */
const batchesPerBundle = 128;
/** Events after which an execution hands over to the next; a bundle has some 1,500. */
const eventsPerExecution = 4_000;

type BuildJob = Awaited<ReturnType<typeof cpu.prepareBuild>>;

/** What one execution hands to the next: histories stay short, however many environments are wanted. */
interface Carried {
  readonly job: BuildJob;
  readonly round: number;
  /** Candidates proposed before this round, and batches of it that are proven. */
  readonly proposed: number;
  readonly done: number;
  readonly missing: ScenarioCounts;
  readonly bundles: readonly ArtifactRef[];
  readonly steered: Steered;
}

export async function buildEnvironments(input: BuildInput, carried?: Carried): Promise<AssembledSet> {
  const control = installControl(carried?.steered);
  nameRun(input);
  const job = carried?.job ?? (await control.orPark(() => cpu.prepareBuild(input)));
  const { run, stage, seed } = job;
  upsertSearchAttributes([{ key: searchAttributes.stage, value: stage }]);
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const bundles: ArtifactRef[] = [...(carried?.bundles ?? [])];
  const wanted = job.environments.scenarios;
  const total = Object.values(wanted).reduce((sum, count) => sum + count, 0);
  let missing: ScenarioCounts = carried?.missing ?? wanted;
  let proposed = carried?.proposed ?? 0;
  let done = carried?.done ?? 0;
  const build = async (batch: Batch) => {
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
  };
  for (let round = carried?.round ?? 1; ; round++) {
    const batches = planBatches(wanted, missing, proposed);
    while (done < batches.length) {
      if (workflowInfo().historyLength > eventsPerExecution) {
        await condition(allHandlersFinished);
        const { steered } = control;
        await continueAsNew<typeof buildEnvironments>(input, {
          job,
          round,
          proposed,
          done,
          missing,
          bundles,
          steered,
        });
      }
      const built = await inWindow(batches.slice(done, done + batchesPerBundle), batchWindow, build);
      done += built.length;
      bundles.push(await control.orPark(() => cpu.bundleBatches({ context, batches: built })));
      control.describe(`round ${round}: ${done} of ${batches.length} batches proven`);
    }
    proposed += batches.reduce((sum, { count }) => sum + count, 0);
    done = 0;
    const last = round === mostRounds;
    const set = await control.orPark(() =>
      cpu.assembleEnvironments({ context, environments: job.environments, bundles, last }),
    );
    control.describe(
      `${set.accepted} environments accepted (${set.repaired} repaired), ${set.quarantined} quarantined`,
    );
    missing = set.missing;
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
