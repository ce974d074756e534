/** The trips of a training as its workflow knows them: those it has met, and recorded ones that it has still to meet. */
import type { Course } from "../core/learning/course.ts";
import { approach, met, nothingRecalled, type Recalled, recall, tripAt } from "../core/learning/recalled.ts";
import type { StoredTrip } from "../core/ports/runs.ts";
import type { TrainingJob } from "./train-iteration.ts";

export interface KnownTrips {
  /** What one execution hands to the next. */
  readonly recalled: Recalled;
  /** Those that were recorded before, as far as they are of a training with these settings. */
  recall(trips: readonly StoredTrip[] | undefined, settings: string | undefined): void;
  /** What tripped before where the course stands now; it is met with that. */
  at(course: Course, job: TrainingJob): StoredTrip | undefined;
  /** Undefined where an older build recorded it. */
  met(id: string | undefined): void;
}

export function knownTrips(from: Recalled = nothingRecalled): KnownTrips {
  let recalled = from;
  return {
    get recalled() {
      return recalled;
    },
    recall: (trips, settings) => {
      recalled = recall(recalled, trips ?? [], settings);
    },
    at: ({ iteration, latest }, { policy }) => {
      const place = { iteration, parent: (latest?.checkpoint ?? policy).hash };
      recalled = approach(recalled, place);
      const known = tripAt(recalled, place);
      if (known !== undefined) recalled = met(recalled, known.id);
      return known;
    },
    met: (id) => {
      if (id !== undefined) recalled = met(recalled, id);
    },
  };
}
