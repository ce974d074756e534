/**
 * A policy acts in every environment of a set, shard by shard, at most a window of them at a time: what evaluating and
 * calibrating share.
 */
import { workflowInfo } from "@temporalio/workflow";
import type { StepContext } from "../activities/step.ts";
import type { EvaluationSettings } from "../core/experiment/input.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { Control } from "./control.ts";
import { inWindow, runChild } from "./fan-out.ts";
import { isHistoryLong } from "./hand-over.ts";
import { cpu } from "./proxies.ts";
import { rollOut } from "./roll-out.ts";
import { summaries } from "./summaries.ts";

export interface Rolling {
  readonly control: Control;
  readonly context: StepContext;
  readonly policy: ArtifactRef;
  readonly environments: ArtifactRef;
  /** Environments of the set. */
  readonly count: number;
  readonly settings: Pick<EvaluationSettings, "sampling" | "maxTurns" | "shardSize" | "shardsInFlight">;
  /** What an episode is called where its shard is named. */
  readonly unit: "environments" | "samples";
  /** Told of so many more episodes. */
  readonly progress: (episodes: number) => Promise<void>;
}

export const shardsOf = ({ count, settings }: Rolling, each: number) =>
  Math.ceil((count * each) / settings.shardSize);

/**
 * Every environment `each` times, in the set's order, after the shards that are done; one turn is all that a policy
 * without tools (`blind`) needs. Ends early where the history has become long.
 */
export function rollOn(
  rolling: Rolling,
  each: number,
  before: number,
  blind = false,
): Promise<ArtifactRef[]> {
  const { control, context, policy, environments, count, settings, unit, progress } = rolling;
  const { sampling, maxTurns, shardSize, shardsInFlight } = settings;
  const starts = Array.from({ length: shardsOf(rolling, each) }, (_, i) => i * shardSize);
  const roll = async (from: number, shard: number): Promise<ArtifactRef> => {
    await control.gate();
    const members = Array.from({ length: Math.min(shardSize, count * each - from) }, (_, i) => ({
      member: Math.floor((from + i) / each),
      twin: (from + i) % each,
    }));
    const { maxResponseTokens } = sampling;
    const state = await control.orPark(() =>
      runChild(
        control,
        rollOut,
        {
          start: { context, policy, environments, members, maxResponseTokens, ...(blind ? { blind } : {}) },
          samplesPerPrefix: 1,
          sampling,
          reward: "solve-f1" as const,
          maxTurns: blind ? 1 : maxTurns,
        },
        {
          workflowId: `${workflowInfo().workflowId}.${blind ? "b" : "s"}${shard}`,
          summary: `${unit} ${from}-${from + members.length - 1}${blind ? " without tools" : ""}`,
        },
      ),
    );
    await progress(members.length);
    return state.shard;
  };
  const left = starts.slice(before);
  return inWindow(left, shardsInFlight, (from, i) => roll(from, before + i), isHistoryLong);
}

/** Shows and records how many episodes there are, as they come. */
export function createRollProgress(
  control: Control,
  context: StepContext,
  { done: before, total, unit }: { readonly done: number; readonly total: number; readonly unit: string },
): (episodes: number) => Promise<void> {
  let done = before;
  return (episodes) => {
    done += episodes;
    control.describe(`${done} of ${total} ${unit}`);
    const progress = { done, total, unit };
    return control.orPark(() =>
      cpu.recordProgress.executeWithOptions({ summary: summaries.progress(progress) }, [
        { context, progress },
      ]),
    );
  };
}
