/**
 * How a person changes hyper-parameters of a training under way. A change is in the store before it is acknowledged, with
 * the iteration from which it holds: the next one to begin, which waits for it. So it outlives its workflow, and a
 * workflow that is reset finds it where it was.
 */
import { condition, currentUpdateInfo, defineUpdate, setHandler } from "@temporalio/workflow";
import {
  changesTo,
  comeTo,
  namesLearningRate,
  requireInTime,
  settingsAt,
} from "../core/experiment/changes.ts";
import { type HyperparameterChange, validateChange } from "../core/experiment/hyperparameters.ts";
import type { TrainInput, TrainingSettings } from "../core/experiment/input.ts";
import type { ChangeRecord } from "../core/ports/runs.ts";
import type { Control } from "./control.ts";
import type { KnownTrips } from "./known-trips.ts";
import { messages } from "./names.ts";
import { cpu } from "./proxies.ts";
import { summaryLength } from "./summaries.ts";

const changeHyperparameters = defineUpdate<ChangeRecord, [HyperparameterChange]>(
  messages.changeHyperparameters,
);

/** Where a change begins to hold that is asked for now, and of which input. */
export interface Next {
  readonly run: string;
  readonly stage: string;
  readonly training: TrainingSettings;
  readonly iteration: number;
  /** The training's last; absent until its batches are counted. */
  readonly last?: number;
  /** By which the training's trips are known. */
  readonly settings?: string;
}

/** What one execution hands to the next. */
export interface Changed {
  readonly made: readonly ChangeRecord[];
  /** Ids of those that named a learning rate which an iteration has begun with. */
  readonly ratesUsed: readonly string[];
}

export interface Changes {
  readonly changed: Changed;
  /** Those that were recorded before this workflow began. */
  recall(made: readonly ChangeRecord[]): void;
  /** Returns once all that was asked for is recorded. */
  recorded(): Promise<void>;
  /** The iteration's settings; `isRateNew` where it is the first with a learning rate that a person named. */
  begin(iteration: number, training: TrainingSettings): { training: TrainingSettings; isRateNew: boolean };
}

/**
 * `next` is undefined until the training is prepared; a change that comes before that waits for it. A change holds after
 * the trips that it was made after; of one that a reset sends again they may be still to come.
 */
export function installChanges(
  control: Control,
  input: TrainInput,
  next: () => Next | undefined,
  known: KnownTrips,
  from: Changed = { made: [], ratesUsed: [] },
): Changes {
  let { made } = from;
  const ratesUsed = new Set(from.ratesUsed);
  let asked = 0;
  let recorded = 0;
  const record = async (wanted: HyperparameterChange) => {
    const { id } = currentUpdateInfo()!;
    const before = asked++;
    try {
      // In the order they were asked for, so that the later counts.
      await condition(() => next() !== undefined && recorded === before);
      const { run, stage, iteration, training, settings } = next()!;
      const afterTrip = known.recalled.behind.at(-1);
      const changes = changesTo(training, wanted);
      const asksFor = { run, stage, id, iteration, ...(afterTrip && { afterTrip }), changes };
      const summary = `from iteration ${iteration}: ${Object.keys(wanted).join(", ")}`.slice(
        0,
        summaryLength,
      );
      const { trips, ...change } = await control.orPark(() =>
        cpu.recordChange.executeWithOptions({ summary }, [asksFor]),
      );
      if (trips !== undefined) known.recall(trips, settings);
      if (!made.some((kept) => kept.id === id)) made = [...made, change];
      return change;
    } finally {
      recorded++;
    }
  };
  setHandler(changeHyperparameters, record, {
    validator: (wanted) => {
      validateChange(wanted, input.training.algorithm);
      requireInTime(next() ?? {});
    },
  });
  return {
    get changed() {
      return { made, ratesUsed: [...ratesUsed] };
    },
    recall: (before) => {
      made = before;
    },
    recorded: () => condition(() => recorded === asked),
    begin: (iteration, training) => {
      const come = comeTo(made, known.recalled.ahead);
      const rates = come.filter((change) => change.iteration <= iteration && namesLearningRate(change));
      const isRateNew = rates.some(({ id }) => !ratesUsed.has(id));
      for (const { id } of rates) ratesUsed.add(id);
      return { training: settingsAt(training, come, iteration), isRateNew };
    },
  };
}
