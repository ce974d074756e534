/**
 * What a person changed while a policy trained. Each change is kept with the iteration from which it holds, so that a
 * training that is begun again, however it ended, trains each iteration with the settings it had. Pure, for workflows.
 */
import type { ChangeRecord } from "../ports/runs.ts";
import type { Difference } from "./difference.ts";
import { type HyperparameterChange, hyperparameterOf, withChange } from "./hyperparameters.ts";
import type { TrainingSettings } from "./input.ts";

/** A value that the input has already is kept too: it may undo an earlier change. */
export const changesTo = (training: TrainingSettings, wanted: HyperparameterChange): Difference[] =>
  Object.entries(wanted).map(([name, to]) => ({ name, from: hyperparameterOf(training, name), to }));

/**
 * Those that a training begun with this input keeps to. An iteration that it goes on after is in the input already, and
 * where the input says otherwise than it did when the change was made, the input is the later word.
 */
export function holding(
  records: readonly ChangeRecord[],
  training: TrainingSettings,
  after: number,
): ChangeRecord[] {
  return records
    .filter(({ iteration }) => iteration > after)
    .map((record) => ({
      ...record,
      changes: record.changes.filter(({ name, from }) => hyperparameterOf(training, name) === from),
    }))
    .filter(({ changes }) => changes.length > 0);
}

/** As it was before the changes: a run that went back has those in its input that held by then. */
export function withoutChanges(
  training: TrainingSettings,
  records: readonly ChangeRecord[],
): TrainingSettings {
  const written = records
    .flatMap(({ changes }) => changes)
    .filter(({ name, to }) => hyperparameterOf(training, name) === to);
  return withChange(training, Object.fromEntries(written.map(({ name, from }) => [name, from])));
}

/**
 * Those that a training which is begun again has come to: what was changed after a trip holds once that trip is not ahead
 * any more.
 */
export const comeTo = (
  records: readonly ChangeRecord[],
  ahead: readonly { readonly id: string }[],
): ChangeRecord[] => records.filter(({ afterTrip }) => !ahead.some(({ id }) => id === afterTrip));

/** In the order they were made: of two changes of one name that both hold, the later counts. */
export function settingsAt(
  training: TrainingSettings,
  records: readonly ChangeRecord[],
  iteration: number,
): TrainingSettings {
  const changes = records
    .filter((record) => record.iteration <= iteration)
    .flatMap((record) => record.changes);
  return withChange(training, Object.fromEntries(changes.map(({ name, to }) => [name, to])));
}

export const namesLearningRate = ({ changes }: ChangeRecord): boolean =>
  changes.some(({ name }) => name === "learningRate");

interface NextIteration {
  readonly run?: string;
  readonly stage?: string;
  readonly iteration?: number;
  /** The training's last one. */
  readonly last?: number;
}

/**
 * Throws a plain Error, for workflows, where no iteration is left that a change could hold for. A fork needs one that is
 * left too.
 */
export function requireInTime({ run, stage, iteration = 1, last = iteration }: NextIteration): void {
  if (iteration <= last) return;
  throw new Error(
    `too late: the last iteration, ${last}, has begun, and none comes after it; to do that one otherwise, fork the run once it has ended: npx ratchet fork ${run} --stage ${stage} --at-iteration ${last - 1} --set NAME=VALUE`,
  );
}
