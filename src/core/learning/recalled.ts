/**
 * Trips that were recorded before a training was begun again. Whether they would trip once more says nothing: a person may
 * have raised the limit since. They are met again in the order in which they came, each where it came, so that the training
 * takes the course that it took. Pure, for workflows.
 */
import type { StoredTrip } from "../ports/runs.ts";

export interface Recalled {
  /** Ids of those that the course has met, here or before. */
  readonly behind: readonly string[];
  /** Those that it has still to meet, in order. */
  readonly ahead: readonly StoredTrip[];
}

export const nothingRecalled: Recalled = { behind: [], ahead: [] };

/** `settings` are those of the training that recalls them: a trip under another input is none of its own. */
export const recall = (
  { behind }: Recalled,
  trips: readonly StoredTrip[],
  settings: string | undefined,
): Recalled => ({
  behind,
  ahead: trips.filter((trip) => trip.settings === settings && !behind.includes(trip.id)),
});

/** About to begin an iteration, from the checkpoint that bears the hash. */
interface Place {
  readonly iteration: number;
  readonly parent: string;
}

/**
 * Without those at the head that this course takes otherwise: from one trip to the next, iterations only grow, so one that
 * is passed, or is come to from another checkpoint, is not met any more.
 */
export function approach({ behind, ahead }: Recalled, { iteration, parent }: Place): Recalled {
  const next = ahead.findIndex(
    (trip) => trip.iteration > iteration || (trip.iteration === iteration && trip.parent === parent),
  );
  return { behind, ahead: next < 0 ? [] : ahead.slice(next) };
}

/** What tripped here before; the trips are those that `approach` left for this very place. */
export function tripAt({ ahead }: Recalled, { iteration }: Place): StoredTrip | undefined {
  return ahead[0]?.iteration === iteration ? ahead[0] : undefined;
}

export const met = ({ behind, ahead }: Recalled, id: string): Recalled => ({
  behind: [...behind, id],
  ahead: ahead.filter((trip) => trip.id !== id),
});
