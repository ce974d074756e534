/**
 * `buildEnvironments`: batches of scenarios go through the five stages side by side; acceptance and deduplication happen
 * at a barrier after each round, in candidate order, so that the set never depends on which batch finished first.
 */
import { allHandlersFinished, condition, upsertSearchAttributes, workflowInfo } from "@temporalio/workflow";
import type { AssembledRound, AssembledSet } from "../activities/environments.ts";
import type { BuildJob } from "../activities/jobs.ts";
import type { StepContext } from "../activities/step.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import type { BuildInput } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { type Batch, firstProposals, planRound } from "../core/synthesis/batches.ts";
import { finish, nameRun, recordingStop } from "./alone.ts";
import { buildEnvironment } from "./build-environment.ts";
import { type Control, installControl, type Steered } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { handOver, isHistoryLong, isNewerBuildCurrent } from "./hand-over.ts";
import { searchAttributes } from "./names.ts";
import { cpu } from "./proxies.ts";
import { summaries } from "./summaries.ts";

/** Batches in flight: one in the sandbox while the next is written. */
const batchWindow = 2;

/** What one execution hands to the next: histories stay short, however many environments are wanted. */
interface Carried {
  readonly job: BuildJob;
  readonly rounds: number;
  readonly built: Built;
  readonly assembled: AssembledRound;
  readonly steered: Steered;
}

/** Batches so far, and those of them whose every stage was there already. */
interface Built {
  readonly batches: number;
  readonly cached: number;
}

export function buildEnvironments(input: BuildInput, carried?: Carried): Promise<AssembledSet> {
  const control = installControl(carried?.steered);
  return control.toItsEnd(recordingStop(input, buildSet(control, input, carried)));
}

async function buildSet(control: Control, input: BuildInput, carried?: Carried): Promise<AssembledSet> {
  nameRun(input);
  const job =
    carried?.job ??
    (await control.orPark(() =>
      cpu.prepareBuild.executeWithOptions({ summary: summaries.prepare }, [input]),
    ));
  const { run, stage, seed, environments } = job;
  upsertSearchAttributes([{ key: searchAttributes.stage, value: stage }]);
  const context: StepContext = { run, stage, seed, branch: 0, iteration: 0 };
  const total = Object.values(environments.scenarios).reduce((sum, count) => sum + count, 0);
  let built: Built = carried?.built ?? { batches: 0, cached: 0 };
  let assembled: AssembledRound | null = carried?.assembled ?? null;
  for (let rounds = carried?.rounds ?? 0; ; rounds++) {
    if (assembled !== null && rounds > (carried?.rounds ?? 0) && shouldHandOver()) {
      await condition(allHandlersFinished);
      const { steered } = control;
      await handOver<typeof buildEnvironments>(input, { job, rounds, built, assembled, steered });
    }
    const proposals = assembled?.proposals ?? firstProposals(environments.scenarios);
    const round = planRound(proposals);
    let done = 0;
    const prove = async (batch: Batch): Promise<ArtifactRef> => {
      await control.gate();
      const { proven, cached } = await control.orPark(() =>
        runChild(
          control,
          buildEnvironment,
          { context, environments, batch },
          {
            workflowId: `${workflowInfo().workflowId}.c${batch.from}`,
            summary: `candidates from ${batch.from}`,
          },
        ),
      );
      done += 1;
      built = { batches: built.batches + 1, cached: built.cached + (cached ? 1 : 0) };
      control.describe(
        `round ${rounds + 1}: ${done} of ${round.length} batches proven\n\n${saidOfCache(built)}`,
      );
      return proven;
    };
    const proven = await inWindow(round, batchWindow, prove);
    const { assembly = null }: { readonly assembly?: ArtifactRef | null } = assembled ?? {};
    const { result, cached } = await control.orPark(() =>
      cpu.assembleRound.executeWithOptions({ summary: `round ${rounds + 1}: accept and deduplicate` }, [
        { context, environments, assembly, proposals, round, proven },
      ]),
    );
    assembled = result;
    control.describe(
      `${result.accepted} environments accepted (${result.repaired} repaired), ${result.quarantined} quarantined${cached ? ": cached" : ""}\n\n${saidOfCache(built)}`,
    );
    const progress = { done: result.accepted, total, unit: "environments" };
    await control.orPark(() =>
      cpu.recordProgress.executeWithOptions({ summary: summaries.progress(progress) }, [
        { context, progress },
      ]),
    );
    if (result.set !== null) {
      const { set, accepted, repaired, quarantined } = result;
      return finish(control, job, { set, accepted, repaired, quarantined });
    }
  }
}

const shouldHandOver = () => isHistoryLong() || isNewerBuildCurrent();

const saidOfCache = ({ batches, cached }: Built): string => `${cached} of ${batches} batches cached`;

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
