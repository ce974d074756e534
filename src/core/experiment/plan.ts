/** The stages of an experiment as a checked DAG: every name resolves, to a stage of the right type, without a cycle. */
import { RatchetError } from "../errors.ts";
import { canonicalJson } from "../json.ts";
import { identifierPattern, initialPolicy } from "./identifier.ts";
import type { ExperimentInput, Stage } from "./input.ts";
import { environmentsIn, requireRoomForShards } from "./shards.ts";

/** The stage of the same experiment whose trajectories a training takes; they may also be another run's. */
export function evaluationSampledBy(stage: Stage): string | undefined {
  if (stage.type !== "train" || stage.training.algorithm !== "sft") return undefined;
  const from = stage.training.trajectories?.from;
  return from !== undefined && identifierPattern.test(from) ? from : undefined;
}

/** Ids of the stages whose results this one takes. */
export function needsOf(stage: Stage): string[] {
  switch (stage.type) {
    case "build":
      return [];
    case "train":
    case "evaluate": {
      const sampledBy = evaluationSampledBy(stage);
      return [
        ...(stage.policy === initialPolicy ? [] : [stage.policy]),
        stage.environments,
        ...(sampledBy === undefined ? [] : [sampledBy]),
      ];
    }
    case "select":
    case "report":
      return stage.evaluations;
  }
}

/** Every stage whose result this one takes, or a stage that it rests on does. */
export function foundationsOf(stages: ExperimentInput["stages"], id: string): string[] {
  const found = new Set(needsOf(stages[id]!));
  for (const foundation of found) for (const deeper of needsOf(stages[foundation]!)) found.add(deeper);
  return [...found];
}

/** Every stage that takes this one's result, or the result of one that does. */
export function dependentsOf(stages: ExperimentInput["stages"], id: string): string[] {
  const found = new Set([id]);
  for (const dependent of found)
    for (const [other, stage] of Object.entries(stages))
      if (needsOf(stage).includes(dependent)) found.add(other);
  found.delete(id);
  return [...found];
}

/** Stage ids in an order in which every stage follows what it needs; ties keep the input's order. */
export function planStages(input: ExperimentInput): string[] {
  const { stages } = input;
  if (Object.keys(stages).length === 0)
    throw new RatchetError(
      "InvalidInput",
      `experiment '${input.id}': field 'stages' = {}: an experiment without stages does nothing; declare at least one, as temporal/examples/tiny.json does`,
      { field: "stages", value: {} },
    );
  const expect = (of: string, field: string, id: string, ...types: Stage["type"][]) => {
    const type = types.join(" or ");
    const isOf = (other: string) => types.some((known) => stages[other]?.type === known);
    if (isOf(id)) return;
    const known = Object.keys(stages).filter(isOf);
    throw new RatchetError(
      "InvalidInput",
      `experiment '${input.id}': field 'stages.${of}.${field}' = "${id}" names no ${type} stage; ${type} stages are: ${known.join(", ") || "none"}`,
      { field: `stages.${of}.${field}`, value: id },
    );
  };
  for (const [id, stage] of Object.entries(stages)) {
    if (stage.type === "train" || stage.type === "evaluate") {
      expect(id, "environments", stage.environments, "build");
      if (stage.policy !== initialPolicy) expect(id, "policy", stage.policy, "train", "select");
      const sampledBy = evaluationSampledBy(stage);
      if (sampledBy !== undefined) {
        expect(id, "training.trajectories.from", sampledBy, "evaluate");
        requireSameSet(input, id, stage, sampledBy);
      }
    }
    if (stage.type === "report" || stage.type === "select")
      for (const needed of stage.evaluations) {
        expect(id, "evaluations", needed, "evaluate");
        requireComparable(input, id, stage.evaluations[0]!, needed);
      }
  }
  requireRoomForResults(input);
  const ordered: string[] = [];
  const remaining = new Set(Object.keys(stages));
  while (remaining.size > 0) {
    const ready = [...remaining].filter((id) => needsOf(stages[id]!).every((need) => !remaining.has(need)));
    if (ready.length === 0)
      throw new RatchetError(
        "InvalidInput",
        `experiment '${input.id}': ${describeCycle(inCycles(stages, remaining))}; remove one of the references`,
        { field: "stages", value: [...remaining] },
      );
    for (const id of ready) remaining.delete(id);
    ordered.push(...ready);
  }
  return ordered;
}

/** An experiment's results travel together, and its report takes them all. */
function requireRoomForResults({ id: experiment, stages }: ExperimentInput): void {
  const parts = Object.entries(stages).flatMap(([id, stage]) => {
    const build = stage.type === "evaluate" ? stages[stage.environments] : undefined;
    if (stage.type !== "evaluate" || build?.type !== "build") return [];
    const { shardSize } = stage.evaluation;
    const episodes = environmentsIn(build.environments.scenarios);
    return [{ field: `stages.${id}.evaluation.shardSize`, episodes, shardSize }];
  });
  requireRoomForShards(`experiment '${experiment}'`, parts);
}

/** Without those that only wait for the others. */
function inCycles(stages: ExperimentInput["stages"], waiting: ReadonlySet<string>): string[] {
  const needed = new Set([...waiting].flatMap((id) => needsOf(stages[id]!)));
  const kept = new Set([...waiting].filter((id) => needed.has(id)));
  return kept.size === waiting.size ? [...kept] : inCycles(stages, kept);
}

const describeCycle = (ids: readonly string[]) =>
  ids.length === 1 ? `stage ${ids[0]} needs itself` : `stages ${ids.join(", ")} need each other in a cycle`;

/** Before the evaluation has run: it would have sampled in environments that the training does not have. */
function requireSameSet(
  { id: experiment, stages }: ExperimentInput,
  id: string,
  stage: Stage,
  sampledBy: string,
): void {
  const sampler = stages[sampledBy]!;
  if (stage.type !== "train" || sampler.type !== "evaluate" || sampler.environments === stage.environments)
    return;
  throw new RatchetError(
    "InvalidInput",
    `experiment '${experiment}': field 'stages.${id}.training.trajectories.from' = "${sampledBy}": that stage samples in '${sampler.environments}', and the training's environments are '${stage.environments}'; name the same`,
    { field: `stages.${id}.training.trajectories.from`, value: sampledBy },
  );
}

/**
 * Before anything is built or sampled: policies are compared environment by environment. A set is a function of what is
 * to be built, whichever stage builds it.
 */
function requireComparable(
  { id: experiment, stages }: ExperimentInput,
  id: string,
  first: string,
  other: string,
): void {
  const [a, b] = [stages[first], stages[other]];
  if (a?.type !== "evaluate" || b?.type !== "evaluate" || a.environments === b.environments) return;
  const built = [a, b].map(({ environments }) => stages[environments]);
  const [one, another] = built.map((build) => build?.type === "build" && canonicalJson(build.environments));
  if (one === another) return;
  throw new RatchetError(
    "InvalidInput",
    `experiment '${experiment}': field 'stages.${id}.evaluations' names '${first}', in environments '${a.environments}', and '${other}', in '${b.environments}'; policies are compared in the same environments only: evaluate both in one of these, or compare '${other}' in a ${stages[id]!.type} stage of its own`,
    { field: `stages.${id}.evaluations`, value: [first, other] },
  );
}
