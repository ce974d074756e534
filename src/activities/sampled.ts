/**
 * The trajectories of an evaluation or a calibration under one hash, so that a training may name them; and those that pass
 * its filter as rows, in the set's order.
 */
import { z } from "zod";
import type { Environment, EnvironmentSet } from "../core/environment/environment.ts";
import { promptMessages } from "../core/environment/prompt.ts";
import { RatchetError } from "../core/errors.ts";
import { measureEnvironment } from "../core/evaluation/metrics.ts";
import { evaluateTrajectory } from "../core/evaluation/trajectory.ts";
import type { FilteredTrajectories } from "../core/experiment/filtered.ts";
import type { TrainingSettings } from "../core/experiment/input.ts";
import { isHash, shortHash } from "../core/hash.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import type { ChatCodec, TrainingRow } from "../core/ports/policy.ts";
import type { StageRecord } from "../core/ports/runs.ts";
import { passes, trajectoryRow } from "../core/trajectory/filtered.ts";
import type { Trajectory } from "../core/trajectory/trajectory.ts";
import type { CpuPorts } from "./ports.ts";
import { trajectoriesOf } from "./shards.ts";

const kind = "trajectories";
const refOf = (artifact: string) =>
  z.object({ kind: z.literal(artifact), hash: z.string(), bytes: z.number() });
const sampledSchema = z.strictObject({
  format: z.literal("ratchet.trajectories.v1"),
  /** Content hash of the set that they acted in. */
  environments: z.string(),
  shards: z.array(refOf("shard")),
});
const resultSchema = z.object({ trajectories: refOf(kind) });

export function storeSampled(
  artifacts: Pick<ArtifactStore, "putJson">,
  { environments, shards }: { readonly environments: ArtifactRef; readonly shards: readonly ArtifactRef[] },
): Promise<ArtifactRef> {
  return artifacts.putJson(kind, {
    format: "ratchet.trajectories.v1",
    environments: environments.hash,
    shards: [...shards],
  });
}

/** By content hash, or the name of an evaluation or calibration: RUN or RUN/STAGE. Throws InvalidInput where it names none. */
async function sampledNamed(
  ports: Pick<CpuPorts, "artifacts" | "runs">,
  given: string,
  field: string,
): Promise<ArtifactRef> {
  if (isHash(given)) return ports.artifacts.find(kind, given);
  const [run, stage] = given.split("/") as [string, string?];
  const known = (await ports.runs.getStages(run)).flatMap(sampledBy);
  const found = stage === undefined ? known : known.filter((one) => one.name === given);
  const [only, other] = found;
  if (only && !other) return ports.artifacts.find(kind, only.trajectories.hash);
  const choices = known.map(({ name }) => name).join(", ");
  throw new RatchetError(
    "InvalidInput",
    `${field} '${given}' ${other ? "names several finished evaluations or calibrations" : "names no finished evaluation or calibration"}; ${choices ? `choose one of ${choices}` : "evaluate or calibrate a policy in the training's environments first"}`,
    { field, value: given },
  );
}

/** A name is resolved once: histories hold the content hash it stood for. */
export async function withSampled(
  ports: Pick<CpuPorts, "artifacts" | "runs">,
  training: TrainingSettings,
  field = "training.trajectories.from",
): Promise<TrainingSettings> {
  if (training.algorithm !== "sft" || training.trajectories === undefined) return training;
  const { hash } = await sampledNamed(ports, training.trajectories.from, field);
  return { ...training, trajectories: { ...training.trajectories, from: hash } };
}

function sampledBy({ run, stage, result }: StageRecord) {
  const parsed = resultSchema.safeParse(result);
  return parsed.success ? [{ name: `${run}/${stage}`, trajectories: parsed.data.trajectories }] : [];
}

/** Throws InvalidInput where none passes, or they were sampled in other environments or through another tokenizer. */
export async function filteredRows(
  ports: Pick<CpuPorts, "artifacts" | "environmentSet">,
  wanted: FilteredTrajectories,
  environments: ArtifactRef,
  codec: ChatCodec,
): Promise<TrainingRow[]> {
  const ref = await ports.artifacts.find(kind, wanted.from);
  const sampled = sampledSchema.parse(await ports.artifacts.getJson(ref));
  const refuse = (why: string) =>
    new RatchetError("InvalidInput", `training.trajectories.from '${shortHash(wanted.from)}' ${why}`, {
      field: "training.trajectories.from",
      value: wanted.from,
    });
  if (sampled.environments !== environments.hash)
    throw refuse(
      `was sampled in environments ${shortHash(sampled.environments)} and the training names ${shortHash(environments.hash)}; name that set, or sample in this one`,
    );
  const set = await ports.environmentSet(environments);
  const trajectories = (await trajectoriesOf(ports.artifacts, sampled.shards)).sort(
    (a, b) => a.member - b.member || a.twin - b.twin,
  );
  const rows = trajectories.flatMap((trajectory) => {
    const environment = set.environments[trajectory.member]!;
    if (!passes(evaluateTrajectory(trajectory, environment), wanted)) return [];
    const row = trajectoryRow(trajectory);
    if (!isPromptOf(row, environment, codec))
      throw refuse(
        "was sampled by a policy with another tokenizer or chat template than the one that is trained; sample with a policy of its family",
      );
    return [row];
  });
  if (rows.length > 0) return rows;
  throw refuse(
    `has no trajectory that passes, of ${trajectories.length}, at minSolveF1 ${wanted.minSolveF1}${wanted.answerRight ? " with the right answer" : ""}; the best has ${bestOf(trajectories, set).toFixed(3)}: lower minSolveF1, set answerRight to false or sample more at a temperature above 0`,
  );
}

function isPromptOf({ prompt }: TrainingRow, environment: Environment, codec: ChatCodec): boolean {
  const documents = environment.tools.map(({ document }) => document);
  const expected = codec.encodePrompt(promptMessages(environment), documents);
  return expected.length === prompt.length && expected.every((id, i) => id === prompt[i]);
}

const bestOf = (trajectories: readonly Trajectory[], { environments }: EnvironmentSet) =>
  trajectories.reduce((best, trajectory) => {
    const { solveF1 } = measureEnvironment(evaluateTrajectory(trajectory, environments[trajectory.member]!));
    return Math.max(best, solveF1);
  }, 0);
